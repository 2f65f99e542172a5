/** Pre-training that goes on with texts of a domain or of a task, before a model is fine-tuned (Gururangan et al. 2020, arXiv 2004.10964). */
import { type Strategy, type TrainEvent, Trainer, type TrainingArgumentsInput, type TrainOptions } from '@attune/core';
import type { EncodedDataset, TextDataset } from '@attune/data';
import type { Storage } from '@attune/hub';
import { AttuneError, type Backend, isAttuneError } from '@attune/ir';
import { loadModel, type TaskModel, taskModelOf } from '@attune/models';
import { full } from '@attune/strategies';
import { causalLanguageModelingTask, encodeMaskedLanguageModeling, maskedLanguageModelingTask } from '@attune/tasks';

export interface PretrainRequest {
  /** The directory of the model that training starts from; a bare encoder gets a new head. */
  readonly model: Storage;
  /** Of the domain, or the target task's own without their labels. */
  readonly texts: TextDataset;
  readonly backend: Backend;
  /** Where checkpoints and the finished model go. */
  readonly output: Storage;
  /** Tokens of each row; 128 by default, or the window of a recurrent model. */
  readonly maxLength?: number | undefined;
  /** `full()` by default; ULMFiT takes `discriminativeRates` beside it. */
  readonly strategy?: Strategy | readonly Strategy[];
  /** In place of the defaults: batches of 32 rows at 1e-4, the paper's for texts of a task, and three epochs. */
  readonly training?: TrainingArgumentsInput;
  /** Signal, and whether it goes on from its last checkpoint. */
  readonly train?: TrainOptions;
  readonly onEvent?: (event: TrainEvent) => void;
}

const BATCH_SIZE = 32;

const defaults = { learningRate: 1e-4, numTrainEpochs: 3, holdOutShare: 0 } as const satisfies TrainingArgumentsInput;

/**
 * Trains the model's own language model on texts, masked for encoders, and saves it with its head into `output`, where
 * fine-tuning starts.
 * @returns whether it came to its end; false if the signal ended it, which goes on with `train: { resume: true }`
 * @throws AttuneError `E_DATA` for texts with fewer tokens than one batch, `E_MODEL_UNSUPPORTED` for a model that has no
 * language model, and as `Trainer.train`
 */
export async function pretrain(request: PretrainRequest): Promise<boolean> {
  const { model: directory, texts, backend, output, training = {}, strategy = full(), onEvent } = request;
  const { perDeviceTrainBatchSize = BATCH_SIZE, gradientAccumulationSteps = 1, seed = 0 } = training;
  const model = await languageModel(directory, seed, request.maxLength);
  const { dataset, warnings } = await encoded(model, texts, request.train?.signal);
  requireOneBatch(dataset, texts.name, model.maxLength * perDeviceTrainBatchSize * gradientAccumulationSteps);
  await using trainer = new Trainer({
    ...defaults,
    ...training,
    perDeviceTrainBatchSize,
    model,
    train: dataset,
    strategy,
    backend,
    outputDir: output,
  });
  for (const message of warnings) onEvent?.({ type: 'warning', message });
  for await (const event of trainer.train(request.train)) {
    onEvent?.(event);
    if (event.type !== 'end') continue;
    if (event.reason === 'aborted') return false;
    // Within the run, which holds the lock of the directory.
    await trainer.save();
  }
  return true;
}

/** The model with the head of its language model, masked if it sees whole texts. */
async function languageModel(
  directory: Storage,
  seed: number,
  wanted: number | undefined,
): Promise<TaskModel<unknown, never>> {
  const masked = await loadModel(directory, { task: maskedLanguageModelingTask, seed }).catch((error: unknown) => {
    if (isAttuneError(error) && error.code === 'E_MODEL_UNSUPPORTED' && error.field === 'task') return undefined;
    throw error;
  });
  const loaded = masked ?? (await loadModel(directory, { task: causalLanguageModelingTask, seed }));
  const { maxPositions, windowLength } = loaded.model;
  const maxLength = Math.min(wanted ?? windowLength ?? 128, maxPositions);
  return masked
    ? taskModelOf(loaded, maskedLanguageModelingTask.name, { maxLength })
    : taskModelOf(loaded, causalLanguageModelingTask.name, { maxLength });
}

/** Texts for masks share rows, so that all rows but few are full. */
function encoded(
  { model, encode, tokenizer, maxLength }: TaskModel<unknown, never>,
  texts: TextDataset,
  signal: AbortSignal | undefined,
): Promise<EncodedDataset> {
  const watch = signal ? { signal } : {};
  if (model.task.name !== maskedLanguageModelingTask.name) return encode(texts, watch);
  return encodeMaskedLanguageModeling(texts, tokenizer, { ...watch, maxLength, packed: true });
}

/** @throws AttuneError `E_DATA` that says how many tokens there are */
function requireOneBatch(dataset: EncodedDataset['dataset'], file: string, needed: number): void {
  let tokens = 0;
  for (const make of dataset.batches({ batchSize: BATCH_SIZE })) {
    tokens += make().tokens;
    if (tokens >= needed) return;
  }
  throw new AttuneError('E_DATA', `${file} has ${tokens} tokens; one batch takes ${needed}.`, {
    file,
    field: 'pretrainOn',
    hint: 'Name more texts, or pre-train in smaller batches or shorter rows (perDeviceTrainBatchSize, maxLength).',
  });
}
