import { type MakeProcessor, removeBelow } from './processor.js';

/** Tokens that have at least this share of the best one's probability (Nguyen et al. 2024). */
export const minP: MakeProcessor = ({ minP: share }) => {
  if (share === 0) return undefined;
  return (scores) => {
    const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
    removeBelow(scores, largest + Math.log(share));
  };
};
