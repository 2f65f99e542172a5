import { uniformUnit } from '@attune/core/internal';

const BLOCK = 4096;

/** Uniform numbers in [0, 1), one after the other: a function of seed and purpose. */
export class RandomStream {
  readonly #seed: number;
  readonly #purpose: string;
  #block = 0;
  #numbers: Float32Array = new Float32Array(0);
  #position = 0;

  constructor(seed: number, purpose: string) {
    this.#seed = seed;
    this.#purpose = purpose;
  }

  next(): number {
    if (this.#position === this.#numbers.length) {
      this.#numbers = uniformUnit(BLOCK, this.#seed, `${this.#purpose}/${this.#block++}`);
      this.#position = 0;
    }
    return this.#numbers[this.#position++]!;
  }
}
