import { aggregationStrategies } from '@attune/models';
import { z } from 'zod';
import { chosenBackend } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import {
  baseOption,
  dataOptions,
  flag,
  modelOption,
  number,
  positive,
  runOptions,
  text,
  trainedModelOptions,
} from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import { openTrainedModel } from '../model-directory.js';
import type { Settings } from '../options.js';
import { interruptible } from '../signals.js';
import { commandTaskOf } from '../tasks/command-task.js';
import { requireFitting } from '../tasks/task-settings.js';
import { withDevice } from './open-device.js';
import { createProgress } from './progress.js';

export const predictOptions = {
  model: modelOption,
  base: baseOption,
  text: text(z.string().optional(), 'a text to classify, to find entities in, or with a mask to fill'),
  question: text(z.string().optional(), 'a question to answer from --context'),
  context: text(z.string().optional(), 'the text that holds the answer'),
  data: text(z.string().optional(), 'a file of texts or questions'),
  ...dataOptions,
  ...trainedModelOptions,
  aggregationStrategy: text(
    z.enum(aggregationStrategies).optional(),
    'how tokens become entities: first (of each word) or simple; first by default',
  ),
  handleImpossibleAnswer: flag(z.boolean().default(false), 'no answer is an answer'),
  topK: number(positive.optional(), 'tokens for each mask; 5 by default'),
  ...runOptions,
} as const;

/** `attune predict`: labels with probabilities, entities with their places, answers, or tokens for masks. */
export async function predict(
  settings: Settings<typeof predictOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const backend = await chosenBackend(settings, output.note);
  const opened = await interruptible(signal, () => openTrainedModel(settings.model, settings));
  for (const message of opened.warnings) output.warn(message);
  requireFitting(settings, opened.task);
  const { data } = settings;
  const request = { ...settings, maxLength: opened.lengthOf(settings.maxLength) };
  const batchSize = data === undefined ? 1 : settings.batchSize;
  return withDevice(opened, { backend, batchSize, signal }, async (context) => {
    const watch = { signal, onProgress: createProgress(output).tokenizing(data ?? 'the text') };
    const { answers, warnings } = await commandTaskOf(opened.task).predict(opened.loaded, request, context, watch);
    for (const message of warnings) output.warn(message);
    const predictions = answers.map(({ json }) => json);
    const single = data === undefined ? predictions[0] : undefined;
    output.result(single ?? { predictions }, answers.map((answer) => answer.text).join('\n'));
    return exitCodes.ok;
  });
}
