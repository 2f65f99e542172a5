/** The tasks that the command trains, evaluates and predicts for. */
export const commandTaskNames = [
  'sequence-classification',
  'token-classification',
  'question-answering',
  'masked-language-modeling',
  'causal-language-modeling',
] as const;

export type CommandTaskName = (typeof commandTaskNames)[number];
