import { endTokensOf } from '../generation-options.js';
import type { MakeProcessor } from './processor.js';

/** The text does not end before it has so many tokens. */
export const minNewTokens: MakeProcessor = (options) => {
  const { minNewTokens: least } = options;
  if (least === 0) return undefined;
  const ends = endTokensOf(options);
  return (scores, { written }) => {
    if (written.length < least) for (const token of ends) if (token < scores.length) scores[token] = -Infinity;
  };
};
