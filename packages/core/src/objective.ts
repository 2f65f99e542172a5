import type { HostTensor, Value } from '@attune/ir';
import type { Task, Values } from './model.js';

/** One batch on the host: tensors by field name, batch axis first. */
export type HostBatch = Readonly<Record<string, HostTensor>>;

/**
 * What training minimises. The loss is a sum over targets divided by the totals of the whole optimizer step, which are
 * counted on the host beforehand: so gradient accumulation gives the numbers of one large batch.
 */
export interface Objective {
  readonly name: string;
  /** All that its loss depends on beside the batch, as plain JSON: a resumed run must have the same. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly task: Task;
  /** How many classes there are, if every target has one. */
  readonly classes?: number;
  /** The same with a weight for each class; absent if it has weights or no classes. */
  weighted?(classWeights: readonly number[]): Objective;
  /** Names of the counts, for instance `['targets']`. */
  readonly countNames: readonly string[];
  /** Batch fields that the loss reads beside the model's outputs (`labels`). */
  readonly labelNames: readonly string[];
  /** The counts of one batch, by name. @throws AttuneError `E_DATA` for labels outside the model's range. */
  counts(batch: HostBatch): Readonly<Record<string, number>>;
  /** A scalar; `totals` are f32 scalars of the step. */
  loss(outputs: Values, batch: Values, totals: Values): Value;
}

/** Padding and everything else that is no target. */
export const IGNORED_LABEL = -100;
