import { AttuneError, hostTensor } from '@attune/ir';
import type { WordVectors } from './load.js';

/** What makes the message of a fault; `place` is the file with the line or word. */
export const vectorsError = (file: string, place: string, problem: string, hint?: string): AttuneError =>
  new AttuneError('E_WORD_VECTORS', `${place} ${problem}.`, { file, ...(hint === undefined ? {} : { hint }) });

/** Collects words and their vectors in one growing array, up to `maxWords`. */
export class VectorTable {
  readonly dimensions: number;
  readonly #file: string;
  readonly #maxWords: number;
  readonly #rows = new Map<string, number>();
  #values = new Float32Array(0);

  constructor(file: string, dimensions: number, maxWords: number) {
    this.#file = file;
    this.#maxWords = maxWords;
    this.dimensions = dimensions;
  }

  get size(): number {
    return this.#rows.size;
  }

  get isFull(): boolean {
    return this.size >= this.#maxWords;
  }

  /** Where the values of the word go. @throws AttuneError `E_WORD_VECTORS` for a word that is empty or there already */
  add(word: string, place: string): Float32Array {
    if (word === '') throw vectorsError(this.#file, place, 'begins with a blank where a word is needed');
    const row = this.#rows.size;
    const known = this.#rows.get(word);
    if (known !== undefined) {
      throw vectorsError(this.#file, place, `repeats the word ${JSON.stringify(word)}, which is number ${known + 1}`);
    }
    this.#rows.set(word, row);
    const end = (row + 1) * this.dimensions;
    if (end > this.#values.length) {
      const larger = new Float32Array(Math.max(end, this.#values.length * 2));
      larger.set(this.#values);
      this.#values = larger;
    }
    return this.#values.subarray(end - this.dimensions, end);
  }

  /** @throws AttuneError `E_WORD_VECTORS` for a value that is not finite */
  checkFinite(values: Float32Array, place: string): void {
    const index = values.findIndex((value) => !Number.isFinite(value));
    if (index < 0) return;
    throw vectorsError(this.#file, place, `has ${values[index]} as value ${index + 1}, a finite number is needed`);
  }

  /** @throws AttuneError `E_WORD_VECTORS` where there is no word */
  finish(): WordVectors {
    if (this.size === 0) throw vectorsError(this.#file, this.#file, 'holds no word');
    const shape = [this.size, this.dimensions];
    return { vocabulary: this.#rows, vectors: hostTensor(shape, this.#values.slice(0, this.size * this.dimensions)) };
  }
}
