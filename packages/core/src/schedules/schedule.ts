import type { Value } from '@attune/ir';

/** A learning-rate schedule as a tensor program of the step number. */
export interface Schedule {
  readonly name: string;
  /** Its options as plain JSON, for checkpoints. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * The learning rate (a scalar) of optimizer step `step`, a floating scalar counted from 0. `input` declares a scalar
   * that the host gives anew for each step; only schedules with a `host` ask for one.
   */
  learningRate(step: Value, input: (name: string) => Value): Value;
  /** The part of the schedule that lives on the host; absent where the rate is a function of the step alone. */
  readonly host?: HostSchedule;
}

/** What a schedule takes from the run beside the step number. */
export interface HostSchedule {
  /** The numbers of the next step, by the names that `learningRate` asks for. */
  inputs(): Readonly<Record<string, number>>;
  /** Takes the metric of an evaluation. @throws AttuneError `E_NONFINITE` for NaN */
  report(metric: number): void;
  /** Forgets the metrics reported so far, because what follows is another metric; the rate stays. */
  forget(): void;
  /** Plain JSON, for checkpoints. */
  save(): Readonly<Record<string, unknown>>;
  /** @throws AttuneError `E_CONFIG` for what `save` did not make */
  restore(saved: unknown): void;
}
