/** Gives other work its turn, and looks at the signal, in long loops. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #start = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Takes no time for 30 milliseconds, then lets others run. @throws the signal's reason */
  pause(): Promise<void> | undefined {
    if (performance.now() - this.#start < 30) return undefined;
    return this.#yield();
  }

  async #yield(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    this.#signal?.throwIfAborted();
    this.#start = performance.now();
  }
}
