import type { CheckedGenerateOptions } from '../generation-options.js';

/** A text in the making. */
export interface TextSoFar {
  readonly prompt: readonly number[];
  /** What was written after the prompt. */
  readonly written: readonly number[];
}

/** Changes the scores of all tokens in place; what must not be chosen becomes -Infinity. */
export type LogitsProcessor = (scores: Float32Array, text: TextSoFar) => void;

/** A processor for the options of a text; undefined if they do not ask for it. */
export type MakeProcessor = (options: CheckedGenerateOptions) => LogitsProcessor | undefined;

/** e to the power of each score over the largest one, and their sum. */
export function weightsOf(scores: ArrayLike<number>): { readonly weights: Float64Array; readonly total: number } {
  const weights = new Float64Array(scores.length);
  let largest = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < scores.length; token++) if (scores[token]! > largest) largest = scores[token]!;
  let total = 0;
  for (let token = 0; token < scores.length; token++) {
    const weight = Math.exp(scores[token]! - largest);
    weights[token] = weight;
    total += weight;
  }
  return { weights, total };
}

/** Takes the tokens below a score out of the choice. */
export function removeBelow(scores: Float32Array, smallest: number): void {
  for (let token = 0; token < scores.length; token++) if (scores[token]! < smallest) scores[token] = -Infinity;
}

/** The scores that can still be chosen, in ascending order. */
export const sortedScores = (scores: Float32Array): Float32Array => scores.filter((score) => score > -Infinity).sort();
