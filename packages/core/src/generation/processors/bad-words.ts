import { endTokensOf } from '../generation-options.js';
import type { MakeProcessor } from './processor.js';
import { requireTokens } from './require-tokens.js';

/** The last token of a bad word is not written if its others stand right before. A text may end all the same. */
export const badWords: MakeProcessor = (options) => {
  const ends = endTokensOf(options);
  const words = options.badWordsIds.filter((word) => word.length > 1 || !ends.includes(word[0]!));
  if (words.length === 0) return undefined;
  return (scores, { prompt, written }) => {
    const text = [...prompt.slice(-longestOf(words)), ...written];
    for (const word of words) {
      requireTokens('badWordsIds', word, scores.length);
      const before = text.length - word.length + 1;
      if (before < 0 || word.slice(0, -1).some((token, index) => text[before + index] !== token)) continue;
      scores[word.at(-1)!] = -Infinity;
    }
  };
};

const longestOf = (words: readonly (readonly number[])[]): number => Math.max(...words.map(({ length }) => length));
