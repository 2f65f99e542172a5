/** How often words stand near each other, as GloVe counts it. */
import type { Corpus } from './corpus.js';

export interface CoOccurrences {
  readonly words: Int32Array;
  readonly contexts: Int32Array;
  /** The sum of 1 / distance over all places where the two are near. */
  readonly weights: Float32Array;
}

/** Counts within each text, up to `window` words to both sides. */
export function coOccurrences({ ids, starts, words: { length } }: Corpus, window: number): CoOccurrences {
  const sums = new PairSums();
  for (let number = 0; number + 1 < starts.length; number++) {
    const start = starts[number]!;
    for (let at = start; at < starts[number + 1]!; at++) {
      for (let near = Math.max(start, at - window); near < at; near++) {
        sums.add(ids[at]! * length + ids[near]!, 1 / (at - near));
        sums.add(ids[near]! * length + ids[at]!, 1 / (at - near));
      }
    }
  }
  const { keys, weights } = sums.finish();
  return {
    words: Int32Array.from(keys, (key) => Math.floor(key / length)),
    contexts: Int32Array.from(keys, (key) => key % length),
    weights,
  };
}

/** Sums by whole numbers, in flat arrays (open addressing): a Map ends at 2^24 entries. */
class PairSums {
  #capacity = 1 << 12;
  #keys = new Float64Array(this.#capacity).fill(-1);
  #sums = new Float64Array(this.#capacity);
  #size = 0;

  add(key: number, value: number): void {
    const slot = this.#slotOf(key);
    if (this.#keys[slot] === -1) {
      this.#keys[slot] = key;
      this.#size++;
    }
    this.#sums[slot]! += value;
    if (this.#size * 2 > this.#capacity) this.#grow();
  }

  /** In the order of the keys. */
  finish(): { readonly keys: Float64Array; readonly weights: Float32Array } {
    const keys = this.#keys.filter((key) => key !== -1).sort();
    return { keys, weights: Float32Array.from(keys, (key) => this.#sums[this.#slotOf(key)]!) };
  }

  #slotOf(key: number): number {
    const mask = this.#capacity - 1;
    let slot = Math.imul((key % 2 ** 32) ^ Math.floor(key / 2 ** 32), 0x9e3779b1) >>> 7;
    for (slot &= mask; this.#keys[slot] !== -1 && this.#keys[slot] !== key; ) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, sums] = [this.#keys, this.#sums];
    this.#capacity *= 2;
    this.#keys = new Float64Array(this.#capacity).fill(-1);
    this.#sums = new Float64Array(this.#capacity);
    for (let index = 0; index < keys.length; index++) {
      if (keys[index] === -1) continue;
      const slot = this.#slotOf(keys[index]!);
      this.#keys[slot] = keys[index]!;
      this.#sums[slot] = sums[index]!;
    }
  }
}
