/** `attune train --find-learning-rate`: a range test on the run's own model, data and settings. */
import { join } from 'node:path';
import { learningRatePlot } from '@attune/compare';
import { findLearningRate, type RecipeEvent } from '@attune/core';
import { encodedData } from '@attune/core/internal';
import { writeFile, writeJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import type { Backend } from '@attune/ir';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import { interruptible } from '../signals.js';
import type { Prepared } from '../tasks/command-task.js';
import type { ChosenTraining } from './kept-knowledge.js';
import type { TrainSettings } from './train-settings.js';

interface RangeTest {
  readonly settings: TrainSettings;
  readonly backend: Backend;
  readonly prepared: Prepared;
  readonly training: ChosenTraining;
  readonly recipe: RecipeEvent;
}

/** Writes learning-rate.json and learning-rate.svg into the output directory. @throws AttuneError as `findLearningRate` */
export async function reportLearningRate(
  { settings, backend, prepared: { model }, training, recipe }: RangeTest,
  { output, signal }: CommandContext,
): Promise<number> {
  const { dataset } = await interruptible(signal, () => encodedData(training.train, model, { signal }));
  const { perDeviceTrainBatchSize: batchSize, weightDecay, seed, emaDecay: _, ...rest } = recipe.arguments;
  const { optim, optimArgs, adamBeta1, adamBeta2, adamEpsilon, maxGradNorm } = rest;
  const found = await findLearningRate({
    ...{ model, backend, batchSize, weightDecay, seed, signal, maxGradNorm },
    ...{ optim, optimArgs, adamBeta1, adamBeta2, adamEpsilon },
    strategy: training.strategy,
    ...(training.objective ? { objective: training.objective } : {}),
    train: dataset,
    onPoint: (point) => output.event({ type: 'learningRate', ...point }),
  });
  const target = nodeStorage(settings.output);
  await writeJson(target, 'learning-rate.json', found);
  await writeFile(target, 'learning-rate.svg', await learningRatePlot(found));
  const { valley, steep } = found;
  const plot = join(settings.output, 'learning-rate.svg');
  output.result(
    { valley, steep, output: settings.output },
    `the loss falls well at ${valley.toPrecision(2)} and most steeply at ${steep.toPrecision(2)}; ${plot} shows it\ntrain with --learning-rate ${valley.toPrecision(2)}`,
  );
  return exitCodes.ok;
}
