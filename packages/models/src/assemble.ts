/** The task model of whatever a model was loaded for. */
import {
  causalLanguageModelingTask,
  maskedLanguageModelingTask,
  questionAnsweringTask,
  sequenceClassificationTask,
  tokenClassificationTask,
} from '@attune/tasks';
import { textWriterOf } from './causal-language-model.js';
import type { LoadedModel } from './loaded-model.js';
import { maskFillerOf } from './masked-language-model.js';
import { questionAnswererOf } from './question-answering.js';
import { sequenceClassifierOf } from './sequence-classification.js';
import type { TaskModel, TaskModelOptions } from './task-model.js';
import { tokenClassifierOf } from './token-classification.js';

const assemblers = {
  [sequenceClassificationTask.name]: sequenceClassifierOf,
  [tokenClassificationTask.name]: tokenClassifierOf,
  [questionAnsweringTask.name]: questionAnswererOf,
  [maskedLanguageModelingTask.name]: maskFillerOf,
  [causalLanguageModelingTask.name]: textWriterOf,
} as const;

/** Names of the tasks whose models answer or write. */
export type AnsweringTask = keyof typeof assemblers;

type Assembled<Name extends AnsweringTask> = Awaited<ReturnType<(typeof assemblers)[Name]>>;

/** What a model of that task answers. */
export type AnswerOf<Name extends AnsweringTask> = Name extends AnsweringTask
  ? Assembled<Name> extends TaskModel<infer Answer, never>
    ? Answer
    : never
  : never;

/** What it is asked. */
export type InputOf<Name extends AnsweringTask> = Name extends AnsweringTask
  ? Assembled<Name> extends TaskModel<unknown, infer Input>
    ? Input
    : never
  : never;

/** The model of a task, by the task's name. */
export type ModelOfTask<Name extends AnsweringTask> = TaskModel<AnswerOf<Name>, InputOf<Name>>;

type Assemblers = {
  readonly [Name in AnsweringTask]: (loaded: LoadedModel, options: TaskModelOptions) => Promise<ModelOfTask<Name>>;
};

export const isAnsweringTask = (name: string): name is AnsweringTask => Object.hasOwn(assemblers, name);

/**
 * A loaded model with its tokenizer, ready to answer.
 * @param name of the task that it was loaded for
 * @throws AttuneError as `taskModel`
 */
export function taskModelOf<Name extends AnsweringTask>(
  loaded: LoadedModel,
  name: Name,
  options: TaskModelOptions = {},
): Promise<ModelOfTask<Name>> {
  const table: Assemblers = assemblers;
  return table[name](loaded, options);
}
