import type { Task } from '@attune/core';

/** The tasks that the command trains, evaluates and predicts for. */
export const commandTaskNames = [
  'sequence-classification',
  'token-classification',
  'question-answering',
  'masked-language-modeling',
] as const satisfies readonly Task[];

export type CommandTaskName = (typeof commandTaskNames)[number];
