/** `attune train --pretrain-on FILE`: the model goes on with its pre-training there, before it is fine-tuned. */
import { join, resolve } from 'node:path';
import { pretrain } from '@attune/compare';
import { parseTrainingArguments, type TrainingArgumentsInput } from '@attune/core';
import { inspectRunDirectory } from '@attune/core/internal';
import { nodeStorage } from '@attune/hub/node';
import { AttuneError, type Backend } from '@attune/ir';
import { full } from '@attune/strategies';
import { openPlainTexts } from '@attune/tasks';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { record, text } from '../common-options.js';
import { runFieldOf } from '../run-fields.js';
import { chosenStrategies } from './chosen-strategies.js';
import type { Progress } from './progress.js';
import { recordRun } from './run-record.js';
import { openStartingModel, type StartingModel } from './starting-model.js';
import type { TrainSettings } from './train-settings.js';

/** Below the output directory, with the pretrained model and its run. */
const STAGE = 'pretrained';

/** @throws AttuneError `E_CONFIG` for wrong options, `E_OUTPUT_EXISTS` and others as `inspectRunDirectory` */
export async function requirePretraining(settings: TrainSettings): Promise<void> {
  const { pretrainOn, pretrainOptions, output, resume } = settings;
  if (pretrainOn === undefined) {
    if (pretrainOptions === undefined) return;
    const hint = 'Name them: --pretrain-on FILE.';
    throw new AttuneError('E_CONFIG', 'pretrainOptions are given for no texts.', { field: 'pretrainOptions', hint });
  }
  if (settings.search !== undefined || settings.findLearningRate) {
    const hint = 'Pre-train first, and name the model of that: --model OUTPUT/pretrained.';
    const other = settings.search === undefined ? '--find-learning-rate' : '--search';
    throw new AttuneError('E_CONFIG', `--pretrain-on and ${other} do not go together.`, { field: 'pretrainOn', hint });
  }
  argumentsOf(settings);
  await inspectRunDirectory(nodeStorage(join(resolve(output), STAGE)), resume);
}

/** What pre-training takes of the settings. @throws AttuneError `E_CONFIG` */
function argumentsOf({ pretrainOptions = {}, seed }: TrainSettings): TrainingArgumentsInput {
  const given: TrainingArgumentsInput = { seed, ...pretrainOptions };
  parseTrainingArguments(given);
  return given;
}

interface Stage {
  readonly backend: Backend;
  readonly start: StartingModel;
  readonly progress: Progress;
}

/**
 * The model that fine-tuning starts from: the given one, or what pre-training made of it.
 * @returns undefined if the signal ended pre-training
 */
export async function afterPretraining(
  settings: TrainSettings,
  { backend, start, progress }: Stage,
  { output, signal }: CommandContext,
): Promise<StartingModel | undefined> {
  const { pretrainOn, resume, maxLength } = settings;
  if (pretrainOn === undefined) return start;
  const directory = join(settings.output, STAGE);
  const { pretrainOptions: _, ...recorded } = settings;
  const own = recordRun(directory, { ...recorded, ...argumentsOf(settings), train: pretrainOn }, output.warn);
  output.note(`pre-training on ${pretrainOn}`);
  const announce = () => output.note('finishing the step and saving a checkpoint');
  signal.addEventListener('abort', announce, { once: true });
  try {
    const isDone = await pretrain({
      model: start.directory,
      texts: openPlainTexts(pretrainOn, settings),
      backend,
      output: nodeStorage(resolve(directory)),
      maxLength,
      // ULMFiT tunes its language model layer by layer at rates of their own, too.
      strategy: [full(), ...chosenStrategies(settings).filter(({ name }) => name === 'discriminative-rates')],
      training: argumentsOf(settings),
      train: { signal, resume, allowChange: settings.allowChange.map(runFieldOf) },
      onEvent(event) {
        own(event);
        output.event({ ...event, stage: 'pretraining' });
        progress.show(event);
      },
    });
    if (!isDone) return undefined;
  } finally {
    signal.removeEventListener('abort', announce);
    progress.stop();
  }
  output.note(`${directory} holds the pretrained model; fine-tuning starts from it`);
  return openStartingModel(directory, { output: settings.output });
}

export const pretrainingOptions = {
  pretrainOn: text(
    z.string().optional(),
    "texts of the domain or of the task: the model's language model trains on them first, then the task on what it became",
  ),
  pretrainOptions: record(
    z.record(z.string(), z.unknown()).optional(),
    'training arguments of that pre-training: learningRate (1e-4 by default), numTrainEpochs (3), perDeviceTrainBatchSize (32) and others',
  ),
} as const;
