/** The settings that tasks read, of whichever command; and which options belong to which task. */
import { nearest } from '@attune/core';
import type { ByteSource } from '@attune/data';
import { AttuneError } from '@attune/ir';
import type { AggregationStrategy, ProblemType } from '@attune/models';
import type { dataOptions } from '../common-options.js';
import type { Settings } from '../options.js';
import type { CommandTaskName } from './names.js';

export interface TaskSettings extends Settings<typeof dataOptions> {
  readonly problemType?: ProblemType | undefined;
  readonly labelSmoothing?: number | undefined;
  readonly rDrop?: number | undefined;
  readonly labelAllTokens?: boolean | undefined;
  readonly mlmProbability?: number | undefined;
  readonly aggregationStrategy?: AggregationStrategy | undefined;
  readonly maxAnswerLength?: number | undefined;
  readonly handleImpossibleAnswer?: boolean | undefined;
  readonly topK?: number | undefined;
  readonly text?: string | undefined;
  readonly question?: string | undefined;
  readonly context?: string | undefined;
  readonly data?: string | undefined;
  /** Standard input, in place of `data`. */
  readonly piped?: ByteSource | undefined;
}

const classification: readonly CommandTaskName[] = ['sequence-classification'];
const tagging: readonly CommandTaskName[] = ['token-classification'];
const reading: readonly CommandTaskName[] = ['question-answering'];
const masking: readonly CommandTaskName[] = ['masked-language-modeling'];

/** The tasks of options that do not serve for all of them. */
const tasksOf = {
  problemType: classification,
  textPairColumn: classification,
  labelSeparator: classification,
  rDrop: classification,
  tokensColumn: tagging,
  tagsColumn: tagging,
  labelAllTokens: tagging,
  aggregationStrategy: tagging,
  questionColumn: reading,
  contextColumn: reading,
  answersColumn: reading,
  docStride: reading,
  maxAnswerLength: reading,
  handleImpossibleAnswer: reading,
  question: reading,
  context: reading,
  mlmProbability: masking,
  topK: masking,
  labels: [...classification, ...tagging],
  text: [...classification, ...tagging, ...masking, 'causal-language-modeling'],
} as const satisfies Partial<Record<keyof TaskSettings, readonly CommandTaskName[]>>;

/** @throws AttuneError `E_CONFIG` for an option of another task */
export function requireFitting(settings: TaskSettings, task: string): void {
  const given: Readonly<Record<string, unknown>> = { ...settings };
  for (const [field, tasks] of Object.entries(tasksOf)) {
    const value = given[field];
    if (value === undefined || value === false || tasks.some((name) => name === task)) continue;
    throw new AttuneError('E_CONFIG', `${field} is an option of ${tasks.join(', ')}; the task is ${task}.`, {
      field,
      hint: `Leave it out, or name another task with --task.`,
    });
  }
}

/** @throws AttuneError `E_CONFIG` for a metric that the task does not have */
export function requireMetric(metric: string | undefined, names: readonly string[]): void {
  const known = ['loss', ...names];
  if (metric === undefined || known.includes(metric)) return;
  const suggestion = nearest(metric, known);
  throw new AttuneError(
    'E_CONFIG',
    `metricForBestModel is "${metric}", which this task does not have${suggestion ? `, did you mean ${suggestion}?` : '.'}`,
    { field: 'metricForBestModel', hint: `Its metrics are ${known.join(', ')}.` },
  );
}
