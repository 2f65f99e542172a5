/** How the labels of texts are meant, as transformers names it. */
export const problemTypes = ['single_label_classification', 'multi_label_classification', 'regression'] as const;

export type ProblemType = (typeof problemTypes)[number];
