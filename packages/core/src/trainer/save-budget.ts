/** How long to wait before the next save, if the user does not say: saving then takes a few percent of a run. */

/** A run's time for one of its saves. */
const RUN_PER_SAVE = 20;

/** Milliseconds that a save is expected to take before one was measured: most take less. */
const EXPECTED_COST = 500;

export class SaveBudget {
  readonly #now: () => number;
  #cost = EXPECTED_COST;
  #since: number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  /** Whether the run has worked long enough since its start or the last save. */
  get allows(): boolean {
    return this.#now() - this.#since >= RUN_PER_SAVE * this.#cost;
  }

  /** Saves, and remembers how long that took. */
  async spend<T>(save: () => Promise<T>): Promise<T> {
    const start = this.#now();
    const result = await save();
    this.#since = this.#now();
    this.#cost = this.#since - start;
    return result;
  }
}
