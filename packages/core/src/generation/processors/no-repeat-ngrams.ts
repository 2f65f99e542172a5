import type { MakeProcessor } from './processor.js';

/** Tokens that would end a sequence of that length for the second time are not written (Paulus et al. 2017). */
export const noRepeatNgrams: MakeProcessor = ({ noRepeatNgramSize: size }) => {
  if (size === 0) return undefined;
  return (scores, { prompt, written }) => {
    const text = [...prompt, ...written];
    const last = text.length - size + 1;
    for (let start = 0; start < last; start++) {
      let same = 0;
      while (same < size - 1 && text[start + same] === text[last + same]) same++;
      if (same === size - 1) scores[text[start + same]!] = -Infinity;
    }
  };
};
