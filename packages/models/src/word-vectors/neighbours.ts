/** Words near a word, or near where an analogy leads. */

import { nearest } from '@attune/core/internal';
import type { WordVectors } from '@attune/hub';
import { AttuneError } from '@attune/ir';

export interface Neighbour {
  readonly word: string;
  /** The cosine of the angle, from -1 to 1. */
  readonly similarity: number;
}

/**
 * The words whose vectors point most nearly the same way, without the word itself.
 * @throws AttuneError `E_CONFIG` for a word that has no vector
 */
export function similarWords(vectors: WordVectors, word: string, top = 10): readonly Neighbour[] {
  return nearestTo(vectors, unitVector(vectors, word), { top, without: [word] });
}

/**
 * Words d for "a is to b as c is to d": the nearest ones to b - a + c, of vectors of length 1 (Mikolov et al. 2013), without
 * the three.
 * @throws AttuneError `E_CONFIG` for a word that has no vector
 */
export function analogousWords(
  vectors: WordVectors,
  [a, b, c]: readonly [string, string, string],
  top = 10,
): readonly Neighbour[] {
  const [from, to, of] = [a, b, c].map((word) => unitVector(vectors, word));
  const query = to!.map((value, index) => value - from![index]! + of![index]!);
  return nearestTo(vectors, query, { top, without: [a, b, c] });
}

function unitVector({ vocabulary, vectors }: WordVectors, word: string): Float64Array {
  const row = vocabulary.get(word);
  if (row === undefined) {
    const lower = word.toLowerCase();
    const near = vocabulary.has(lower) ? lower : nearest(word, [...vocabulary.keys()]);
    throw new AttuneError('E_CONFIG', `There is no vector of the word ${JSON.stringify(word)}.`, {
      field: 'word',
      ...(near === undefined ? {} : { hint: `Did you mean ${JSON.stringify(near)}?` }),
    });
  }
  const [, width = 0] = vectors.type.shape;
  const values = Float64Array.from(vectors.data.subarray(row * width, (row + 1) * width));
  const length = Math.hypot(...values) || 1;
  return values.map((value) => value / length);
}

function nearestTo(
  { vocabulary, vectors }: WordVectors,
  query: Float64Array,
  { top, without }: { readonly top: number; readonly without: readonly string[] },
): readonly Neighbour[] {
  const width = query.length;
  const length = Math.hypot(...query) || 1;
  const found: Neighbour[] = [];
  for (const [word, row] of vocabulary) {
    if (without.includes(word)) continue;
    let product = 0;
    let square = 0;
    for (let column = 0; column < width; column++) {
      const value = vectors.data[row * width + column]!;
      product += value * query[column]!;
      square += value * value;
    }
    found.push({ word, similarity: square === 0 ? 0 : product / Math.sqrt(square) / length });
  }
  return found.sort((one, other) => other.similarity - one.similarity).slice(0, top);
}
