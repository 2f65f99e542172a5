/** How Word2Vec (Mikolov et al. 2013, arXiv 1310.4546) draws words: noise to tell them from, and the frequent ones less often. */
import type { RandomStream } from './random-stream.js';

/** Draws words by their counts to the power of 0.75. */
export class NoiseWords {
  /** The share of the words up to each one. */
  readonly #cumulative: Float64Array;

  constructor(counts: Float64Array, exponent = 0.75) {
    const powers = counts.map((count) => count ** exponent);
    const total = powers.reduce((sum, power) => sum + power, 0);
    let sum = 0;
    this.#cumulative = powers.map((power) => {
      sum += power;
      return sum / total;
    });
  }

  draw(random: RandomStream): number {
    const wanted = random.next();
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#cumulative[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/**
 * With which probability an occurrence of each word is kept, as word2vec's code and gensim have it: of the share f of a
 * word, (sqrt(f / sample) + 1) * sample / f, at most 1.
 * @param sample 0 keeps all
 */
export function keptShares(counts: Float64Array, sample: number): Float64Array {
  if (sample === 0) return new Float64Array(counts.length).fill(1);
  const threshold = sample * counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => Math.min(1, (Math.sqrt(count / threshold) + 1) * (threshold / count)));
}
