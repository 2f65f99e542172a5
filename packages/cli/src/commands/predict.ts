import { aggregationStrategies } from '@attune/models';
import { z } from 'zod';
import { backendOf } from '../backends.js';
import {
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
import { openModel } from '../model-directory.js';
import type { Settings } from '../options.js';
import type { Output } from '../output.js';
import { commandTaskOf } from '../tasks/command-task.js';
import { requireFitting } from '../tasks/task-settings.js';
import { withDevice } from './open-device.js';

export const predictOptions = {
  model: modelOption,
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
export async function predict(settings: Settings<typeof predictOptions>, output: Output): Promise<number> {
  const backend = backendOf(settings.backend, settings.threads);
  const opened = await openModel(settings.model, settings.task);
  requireFitting(settings, opened.task);
  const { batchSize, maxLength = opened.maxLength } = settings;
  return withDevice(opened, { backend, batchSize: settings.data === undefined ? 1 : batchSize }, async (context) => {
    const answers = await commandTaskOf(opened.task).predict(opened.loaded, { ...settings, maxLength }, context);
    const predictions = answers.map(({ json }) => json);
    const single = settings.data === undefined ? predictions[0] : undefined;
    output.result(single ?? { predictions }, answers.map((answer) => answer.text).join('\n'));
    return exitCodes.ok;
  });
}
