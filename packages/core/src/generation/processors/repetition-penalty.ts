import type { MakeProcessor } from './processor.js';

/** Keskar et al. 2019: scores of tokens that stand in the text are divided, negative ones multiplied. */
export const repetitionPenalty: MakeProcessor = ({ repetitionPenalty: penalty }) => {
  if (penalty === 1) return undefined;
  return (scores, { prompt, written }) => {
    for (const token of new Set([...prompt, ...written])) {
      const score = scores[token]!;
      scores[token] = score < 0 ? score * penalty : score / penalty;
    }
  };
};
