import { drawnAnew, type Model, type Task } from '@attune/core';

/** The modules of each task's head, by the names that transformers' models give them. */
const headModules: Readonly<Record<Task, readonly string[]>> = {
  'feature-extraction': [],
  'sequence-classification': ['classifier', 'score'],
  'token-classification': ['classifier', 'score'],
  'question-answering': ['qa_outputs'],
  'masked-language-modeling': ['cls'],
};

export const headModulesOf = (task: Task): readonly string[] => headModules[task];

/**
 * What trains beside an adapter: the head, as PEFT has it. Of the masked-language head, whose decoder is tied to the
 * embeddings, only the transform is a module of its own.
 */
const savedModulesOf = (task: Task): readonly string[] =>
  task === 'masked-language-modeling' ? ['transform'] : headModulesOf(task);

/**
 * What trains beside an adapter and is saved with it where the user names nothing: the head, and layers that began at
 * random, such as the pooler of a bare encoder: whoever loads the adapter on its base would draw others.
 * @param created parameters of the model that no file has
 */
export function modulesWithAdapter(model: Model, created: readonly string[]): readonly string[] {
  const saved = savedModulesOf(model.task);
  const drawn = drawnAnew(model, created)
    .filter((name) => !saved.some((module) => isInside(name, module)))
    .map((name) => name.slice(0, name.lastIndexOf('.')));
  return [...saved, ...new Set(drawn)];
}

/** Whether a parameter or layer belongs to a module: to `classifier` or to any `….classifier`. */
export function isInside(path: string, module: string): boolean {
  return `.${path}.`.includes(`.${module}.`);
}
