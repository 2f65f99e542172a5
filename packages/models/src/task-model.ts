/** A loaded model at work on its task: with its tokenizer, ready for the Trainer. */
import type { EncodingWatch, Evaluator, ExampleSource, Objective, TextTask } from '@attune/core';
import type { EncodedDataset } from '@attune/data';
import { loadTokenizer, type Storage, type Tokenizer } from '@attune/hub';
import { openModelDirectory } from '@attune/hub/directory';
import { AttuneError } from '@attune/ir';
import type { TrainedTask } from '@attune/tasks';
import { writeAttuneFile } from './attune-file.js';
import { type LoadOptions, loadModel } from './load.js';
import type { LoadedModel } from './loaded-model.js';

export interface TaskModelOptions {
  /** Tokens kept of each text; all that the model takes by default. Of a recurrent language model, those of a batch's rows; 70. */
  readonly maxLength?: number | undefined;
}

/** Options of loading a model, and those of its task. */
export type TaskOptions<Own> = Omit<LoadOptions, 'task'> & TaskModelOptions & Own;

/** A model of a task, as the Trainer takes it. */
export interface TaskModel<Answer, Input = string> extends LoadedModel {
  readonly objective: Objective;
  readonly evaluator: () => Evaluator;
  readonly tokenizer: Tokenizer;
  readonly maxLength: number;
  /** How it answers; absent for a model that writes texts. */
  readonly text?: TextTask<Answer, Input>;
  /**
   * Reads the examples and looks at their labels.
   * @throws AttuneError as `encode`, but for what only tokenizing finds
   */
  check(examples: ExampleSource): Promise<void>;
  /**
   * Examples as batches, as the Trainer makes them of files: `model.encode(csv('train.csv', { … }))`.
   * @throws AttuneError `E_CONFIG` for a kind of examples that the task does not learn from, `E_DATA_LABELS`, and as reading
   * and tokenizing do
   */
  encode(examples: ExampleSource, watch?: EncodingWatch): Promise<EncodedDataset>;
  describe(target: Storage): Promise<void>;
}

/**
 * Loads a model directory for a task; a bare encoder gets a new head.
 * @param directory a path (in Node) or a Storage, with the tokenizer's files
 * @throws AttuneError as `loadModel` and `taskModel`
 */
export async function loadTaskModel<Answer, Input, Options extends object>(
  directory: Storage | string,
  task: TrainedTask<Answer, Input, Options>,
  options: TaskOptions<Options>,
): Promise<TaskModel<Answer, Input>> {
  return taskModel(await loadModel(openModelDirectory(directory), { ...options, task }), task, options);
}

/**
 * A loaded model at work on the task that it was loaded for.
 * @throws AttuneError `E_CONFIG` for a model of another task, `E_TOO_LONG` for a `maxLength` beyond the model's
 * positions, `E_TOKENIZER`, and as the task's `use`
 */
export async function taskModel<Answer, Input, Options extends object>(
  loaded: LoadedModel,
  task: TrainedTask<Answer, Input, Options>,
  options: TaskModelOptions & Options,
): Promise<TaskModel<Answer, Input>> {
  const { model, source, labels, problemType, temperature } = loaded;
  if (model.task.name !== task.name) {
    throw new AttuneError('E_CONFIG', `${source.name} was loaded for ${model.task.name}; ${task.name} is wanted.`, {
      file: source.name,
      field: 'task',
    });
  }
  const wanted = options.maxLength;
  if (wanted !== undefined && wanted > model.maxPositions) {
    throw new AttuneError('E_TOO_LONG', `maxLength is ${wanted}; ${source.name} has ${model.maxPositions} positions.`, {
      file: source.name,
      field: 'maxLength',
    });
  }
  const tokenizer = await loadTokenizer(source);
  const maxLength = wanted ?? model.windowLength ?? Math.min(model.maxPositions, tokenizer.modelMaxLength);
  const use = await task.use({ model, labels, problemType, temperature, tokenizer, maxLength, source }, options);
  const { objective, evaluator, text, file } = use;
  return {
    ...loaded,
    objective,
    evaluator,
    tokenizer,
    maxLength,
    ...(text ? { text: { ...text, padTokenId: tokenizer.padTokenId, maxLength } } : {}),
    check: (examples) => use.check(examples),
    encode: (examples, watch = {}) => use.encode(examples, watch),
    async describe(target) {
      const { quantize } = loaded;
      const baseSha256 = await loaded.weightsHash();
      await writeAttuneFile(target, {
        task: task.name,
        ...file,
        ...(quantize ? { quantize } : {}),
        maxLength,
        baseSha256,
      });
      await use.describe?.(target);
    },
  };
}
