/** The best evaluation so far, and whether to stop early. */
import type { TrainingArguments } from './training-arguments.js';

export interface BestState {
  readonly value: number | null;
  readonly step: number;
  /** Evaluations since the best. */
  readonly stale: number;
}

export class BestTracker {
  readonly #arguments: TrainingArguments;
  #state: BestState = { value: null, step: 0, stale: 0 };

  constructor(options: TrainingArguments) {
    this.#arguments = options;
  }

  get state(): BestState {
    return this.#state;
  }

  restore(state: BestState): void {
    this.#state = state;
  }

  /** Takes an evaluation; true where it is the best so far. */
  report(step: number, metrics: Readonly<Record<string, number>>): boolean {
    const { metricForBestModel, earlyStoppingThreshold } = this.#arguments;
    const value = metrics[metricForBestModel];
    if (value === undefined) return false;
    const { value: best } = this.#state;
    const gain = best === null ? Number.POSITIVE_INFINITY : this.#greaterIsBetter ? value - best : best - value;
    if (gain > earlyStoppingThreshold) {
      this.#state = { value, step, stale: 0 };
      return true;
    }
    this.#state = { ...this.#state, stale: this.#state.stale + 1 };
    return false;
  }

  get shouldStop(): boolean {
    const { earlyStoppingPatience } = this.#arguments;
    return earlyStoppingPatience !== undefined && this.#state.stale >= earlyStoppingPatience;
  }

  get #greaterIsBetter(): boolean {
    const { greaterIsBetter, metricForBestModel } = this.#arguments;
    return greaterIsBetter ?? !/loss|error/i.test(metricForBestModel);
  }
}
