/** The task model of whatever a model was loaded for. */
import type { TrainedTask } from '@attune/tasks';
import { trainedTasks } from '@attune/tasks/internal';
import type { LoadedModel } from './loaded-model.js';
import { type TaskModel, type TaskModelOptions, taskModel } from './task-model.js';

/** Names of the tasks whose models answer or write. */
export type AnsweringTask = keyof typeof trainedTasks;

/** What a model of that task answers. */
export type AnswerOf<Name extends AnsweringTask> = Name extends AnsweringTask
  ? (typeof trainedTasks)[Name] extends TrainedTask<infer Answer, infer _, infer _Options>
    ? Answer
    : never
  : never;

/** What it is asked. */
export type InputOf<Name extends AnsweringTask> = Name extends AnsweringTask
  ? (typeof trainedTasks)[Name] extends TrainedTask<infer _, infer Input, infer _Options>
    ? Input
    : never
  : never;

/** The model of a task, by the task's name. */
export type ModelOfTask<Name extends AnsweringTask> = TaskModel<AnswerOf<Name>, InputOf<Name>>;

type TaskTable = { readonly [Name in AnsweringTask]: TrainedTask<AnswerOf<Name>, InputOf<Name>> };

export const isAnsweringTask = (name: string): name is AnsweringTask => Object.hasOwn(trainedTasks, name);

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
  const table: TaskTable = trainedTasks;
  return taskModel(loaded, table[name], options);
}
