import type { Task } from '@attune/core';

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
export const savedModulesOf = (task: Task): readonly string[] =>
  task === 'masked-language-modeling' ? ['transform'] : headModulesOf(task);

/** Whether a parameter or layer belongs to a module: to `classifier` or to any `….classifier`. */
export function isInside(path: string, module: string): boolean {
  return `.${path}.`.includes(`.${module}.`);
}
