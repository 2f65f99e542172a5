import type { Value } from '@attune/ir';

/** A learning-rate schedule as a tensor program of the step number. */
export interface Schedule {
  readonly name: string;
  /** Its options as plain JSON, for checkpoints. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The learning rate (a scalar) of optimizer step `step`, a floating scalar counted from 0. */
  learningRate(step: Value): Value;
}
