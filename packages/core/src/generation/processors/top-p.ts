import { type MakeProcessor, removeBelow, sortedScores, weightsOf } from './processor.js';

/**
 * The most probable tokens that together have the probability p (Holtzman et al. 2019), with those as probable as the last
 * of them; at least one.
 */
export const topP: MakeProcessor = ({ topP: share }) => {
  if (share === 1) return undefined;
  return (scores) => {
    const sorted = sortedScores(scores);
    const { weights, total } = weightsOf(sorted);
    let removed = 0;
    let place = 0;
    while (place < sorted.length - 1 && (removed + weights[place]!) / total <= 1 - share) removed += weights[place++]!;
    removeBelow(scores, sorted[place] ?? -Infinity);
  };
};
