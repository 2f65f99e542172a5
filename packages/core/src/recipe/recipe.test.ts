import { describe, expect, test } from 'vitest';
import { parseTrainingArguments } from '../trainer/training-arguments.js';
import { chooseRecipe, fullRecipe, holdOutShare, type RecipeFacts } from './recipe.js';

const facts: RecipeFacts = {
  examples: 500,
  evaluationExamples: 0,
  classes: 8,
  uneven: false,
  width: 384,
  strategy: fullRecipe,
  mainMetric: 'accuracy',
  hasOutput: true,
};
const none = parseTrainingArguments({});
const recipeFor = (some: Partial<RecipeFacts>) => chooseRecipe(none, { ...facts, ...some });

test.each([
  [768, 5e-5],
  [1024, 2.8e-5],
  [384, 2e-4],
  [128, 5e-4],
])('a model of width %i learns at %f', (width, rate) => {
  expect(recipeFor({ width }).learningRate).toBe(rate);
});

describe('epochs and batches by the number of examples', () => {
  const sizes = [2, 20, 100, 500, 2000, 10_000, 100_000, 1_000_000, 10_000_000];
  const recipes = sizes.map((examples) => recipeFor({ examples }));
  const stepsOf = (index: number) =>
    Math.ceil(sizes[index]! / recipes[index]!.perDeviceTrainBatchSize) * recipes[index]!.numTrainEpochs;

  test('epochs fall, batches grow', () => {
    for (const [index, recipe] of recipes.slice(1).entries()) {
      expect(recipe.numTrainEpochs).toBeLessThanOrEqual(recipes[index]!.numTrainEpochs);
      expect(recipe.perDeviceTrainBatchSize).toBeGreaterThanOrEqual(recipes[index]!.perDeviceTrainBatchSize);
    }
  });

  test('twenty rows are seen for tens of steps, and no run has more than 20,000', () => {
    expect(stepsOf(1)).toBeGreaterThan(50);
    for (const index of sizes.keys()) expect(stepsOf(index)).toBeLessThan(20_001);
  });

  test('many classes take more epochs', () => {
    expect(recipeFor({ classes: 77 }).numTrainEpochs).toBeGreaterThan(recipeFor({ classes: 10 }).numTrainEpochs);
  });
});

describe('evaluations', () => {
  test.each([
    [30, 10],
    [500, 8],
    [20_000, 1],
  ])('%i examples are evaluated about %i times', (evaluationExamples, times) => {
    const { numTrainEpochs, perDeviceTrainBatchSize, evalSteps = 0 } = recipeFor({ evaluationExamples });
    const steps = Math.ceil(500 / perDeviceTrainBatchSize) * numTrainEpochs;
    expect(Math.ceil(steps / evalSteps)).toBe(times);
  });

  test('few examples do not choose the model, many do, with early stopping', () => {
    const few = { loadBestModelAtEnd: false, earlyStoppingPatience: 0, evalStrategy: 'steps' };
    expect(recipeFor({ evaluationExamples: 199 })).toMatchObject(few);
    const many = { loadBestModelAtEnd: true, metricForBestModel: 'accuracy', evalStrategy: 'steps' };
    expect(recipeFor({ evaluationExamples: 200 })).toMatchObject(many);
    expect(recipeFor({ evaluationExamples: 200 }).earlyStoppingPatience).toBeGreaterThanOrEqual(3);
    expect(recipeFor({ evaluationExamples: 200, hasOutput: false }).loadBestModelAtEnd).toBe(false);
    expect(recipeFor({}).evalStrategy).toBe('no');
  });
});

test('rare classes weigh more and count as much in the best model', () => {
  expect(recipeFor({ uneven: true })).toMatchObject({ classWeights: 'balanced', metricForBestModel: 'macroF1' });
  expect(recipeFor({})).toMatchObject({ classWeights: 'none', metricForBestModel: 'accuracy' });
});

test('whatever is given stays', () => {
  const given = {
    learningRate: 1e-3,
    numTrainEpochs: 2,
    perDeviceTrainBatchSize: 4,
    weightDecay: 0,
    warmupRatio: 0,
    classWeights: 'balanced',
    holdOutShare: 0,
    evalStrategy: 'epoch',
    loadBestModelAtEnd: false,
    metricForBestModel: 'loss',
    earlyStoppingPatience: 7,
  } as const;
  expect(chooseRecipe(parseTrainingArguments(given), { ...facts, evaluationExamples: 1000 })).toEqual(given);
  expect(chooseRecipe(parseTrainingArguments({ warmupSteps: 5 }), facts).warmupRatio).toBe(0);
});

test('a tenth of 200 examples and more is held out, at most 2,000, unless evaluations are off', () => {
  expect([199, 200, 10_000, 100_000].map((examples) => holdOutShare(none, examples))).toEqual([0, 0.1, 0.1, 0.02]);
  expect(holdOutShare(parseTrainingArguments({ holdOutShare: 0.3 }), 10)).toBe(0.3);
  expect(holdOutShare(parseTrainingArguments({ evalStrategy: 'no' }), 1000)).toBe(0);
  expect(holdOutShare(none, 50, true)).toBe(0.1);
});
