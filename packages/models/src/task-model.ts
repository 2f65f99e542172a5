/** What the models of all tasks share: a loaded model with its tokenizer, ready for the Trainer. */
import type { Evaluator, Objective, TextTask } from '@attune/core';
import { loadTokenizer, type Storage, type Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import type { Task } from '@attune/tasks';
import { type AttuneFile, writeAttuneFile } from './attune-file.js';
import type { LoadOptions } from './load.js';
import type { LoadedModel } from './loaded-model.js';

export interface TaskModelOptions {
  /** Tokens kept of each text; all that the model takes by default. */
  readonly maxLength?: number | undefined;
}

export type TaskOptions<Own> = Omit<LoadOptions, 'task'> & Own;

/** A model of a task, as the Trainer takes it. */
export interface TaskModel<Answer, Input = string> extends LoadedModel {
  readonly objective: Objective;
  readonly evaluator: () => Evaluator;
  readonly tokenizer: Tokenizer;
  readonly maxLength: number;
  /** How it answers; absent for a model that writes texts. */
  readonly text?: TextTask<Answer, Input>;
  describe(target: Storage): Promise<void>;
}

/** What a task adds to a model and its tokenizer. */
export interface TaskParts<Answer, Input> {
  readonly objective: Objective;
  readonly evaluator: () => Evaluator;
  readonly text?: Omit<TextTask<Answer, Input>, 'padTokenId' | 'maxLength'>;
  /** What attune.json says beside the length. */
  readonly file: AttuneFile;
}

/**
 * Puts a task model together.
 * @param partsOf what the task adds, for the tokenizer and the tokens kept of a text
 * @throws AttuneError `E_CONFIG` for a model of another task, `E_TOO_LONG` for a `maxLength` beyond the model's
 * positions, `E_TOKENIZER`
 */
export async function taskModel<Answer, Input>(
  loaded: LoadedModel,
  task: Task,
  { maxLength: wanted }: TaskModelOptions,
  partsOf: (tokenizer: Tokenizer, maxLength: number) => TaskParts<Answer, Input>,
): Promise<TaskModel<Answer, Input>> {
  const { model, source } = loaded;
  if (model.task.name !== task.name) {
    throw new AttuneError('E_CONFIG', `${source.name} was loaded for ${model.task.name}; ${task.name} is wanted.`, {
      file: source.name,
      field: 'task',
    });
  }
  if (wanted !== undefined && wanted > model.maxPositions) {
    throw new AttuneError('E_TOO_LONG', `maxLength is ${wanted}; ${source.name} has ${model.maxPositions} positions.`, {
      file: source.name,
      field: 'maxLength',
    });
  }
  const tokenizer = await loadTokenizer(source);
  const maxLength = wanted ?? Math.min(model.maxPositions, tokenizer.modelMaxLength);
  const { objective, evaluator, text, file } = partsOf(tokenizer, maxLength);
  return {
    ...loaded,
    objective,
    evaluator,
    tokenizer,
    maxLength,
    ...(text ? { text: { ...text, padTokenId: tokenizer.padTokenId, maxLength } } : {}),
    async describe(target) {
      await writeAttuneFile(target, { ...file, maxLength, baseSha256: await loaded.weightsHash() });
    },
  };
}
