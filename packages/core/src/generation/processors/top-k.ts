import { type MakeProcessor, removeBelow, sortedScores } from './processor.js';

/** The k most probable tokens (Fan et al. 2018), with those as probable as the last of them. */
export const topK: MakeProcessor = ({ topK: k }) => {
  if (k === undefined) return undefined;
  return (scores) => removeBelow(scores, smallestOf(scores, k));
};

/** The k-th largest score. */
function smallestOf(scores: Float32Array, k: number): number {
  if (k > MOST_KEPT) return sortedScores(scores).at(-k) ?? -Infinity;
  // The largest so far, in descending order: nearly all scores are below its last one.
  const largest: number[] = [];
  for (const score of scores) {
    if (largest.length === k && score <= largest[k - 1]!) continue;
    let place = largest.length;
    while (place > 0 && largest[place - 1]! < score) place--;
    largest.splice(place, 0, score);
    if (largest.length > k) largest.pop();
  }
  return largest.length === k ? largest[k - 1]! : -Infinity;
}

/** Beyond so many, sorting all scores is faster. */
const MOST_KEPT = 256;
