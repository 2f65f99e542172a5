/** Two neighbouring pieces, as one number: pairs in the order of their numbers are in the order of first, then second. */
export type Pair = number;

const STRIDE = 2 ** 26;

export const pairOf = (first: number, second: number): Pair => first * STRIDE + second;
export const firstOf = (pair: Pair): number => Math.floor(pair / STRIDE);
export const secondOf = (pair: Pair): number => pair % STRIDE;

/** A pair that may be merged next. */
export interface Candidate {
  readonly pair: Pair;
  count: number;
  /** Numbers of words in which it may be. */
  readonly words: readonly number[];
}

/** The candidate with the largest count first; of equal ones, that with the least pair. A binary heap. */
export class MergeQueue {
  readonly #heap: Candidate[] = [];

  push(candidate: Candidate): void {
    const heap = this.#heap;
    let at = heap.push(candidate) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(candidate, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = candidate;
  }

  pop(): Candidate | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: Candidate, b: Candidate): boolean => (a.count === b.count ? a.pair < b.pair : a.count > b.count);
