import type { RecipeEvent } from '@attune/core';

/** What a run trains with, in a line. */
export function recipeLine({ arguments: recipe, chosen, examples, heldOut }: RecipeEvent): string {
  const { learningRate, maxSteps, numTrainEpochs, perDeviceTrainBatchSize, warmupRatio, classWeights } = recipe;
  const epochs = Number(numTrainEpochs.toFixed(2));
  const parts = [
    `learning rate ${learningRate}`,
    maxSteps === undefined ? `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}` : `${maxSteps} steps`,
    `batches of ${perDeviceTrainBatchSize}`,
    ...(warmupRatio > 0 ? [`warm-up over ${Number((100 * warmupRatio).toFixed(1))}%`] : []),
    ...(classWeights === 'none' ? [] : ['class weights']),
    recipe.loadBestModelAtEnd ? `the best model by ${recipe.metricForBestModel}` : 'the last model',
  ];
  const all = examples + heldOut;
  const held = heldOut > 0 ? `; ${heldOut} of ${all} examples are held out for evaluation, the others train` : '';
  return `recipe${chosen.length > 0 ? ' for this model and these data' : ''}: ${parts.join(', ')}${held}`;
}
