/**
 * Unigram, as the Rust library computes it: the split of a word whose tokens have the highest sum of scores. The lattice
 * of @huggingface/tokenizers takes time and memory by the square of the tokens that overlap, and cannot be stopped.
 */
import type { Budget } from './budget.js';
import type { LibraryModel } from './library-model.js';
import type { ModelDefinition } from './model-definition.js';
import { SortedTexts } from './sorted-texts.js';

/** How far a character without a token of its own lies below the lowest score. */
const unknownPenalty = 10;

export function createUnigram({ tokens, scores, fields }: ModelDefinition): LibraryModel {
  const texts = new SortedTexts([...tokens.keys()].filter((token) => token !== ''));
  const unknown =
    scores.reduce((lowest, [, score]) => Math.min(lowest, score), Number.POSITIVE_INFINITY) - unknownPenalty;
  const unknownId = fields.unk_id ?? undefined;
  const isUnknown = (token: string) => (tokens.get(token) ?? unknownId) === unknownId;

  /** The best way to each place of a word: the place before, or -1 for none yet, and the sum of scores. */
  const bestSplit = (word: string, budget: Budget): readonly string[] => {
    const before = new Int32Array(word.length + 1).fill(-1);
    const sums = new Float64Array(word.length + 1);
    const onStep = () => budget.tick('model');
    for (let start = 0, width = 0; start < word.length; start += width) {
      width = widthAt(word, start);
      const reach = (end: number, score: number) => {
        const sum = sums[start]! + score;
        if (before[end]! >= 0 && sum <= sums[end]!) return;
        before[end] = start;
        sums[end] = sum;
      };
      let isKnown = false;
      texts.find(
        word,
        start,
        (token) => {
          const end = start + token.length;
          if (splitsCharacter(word, end)) return;
          if (token.length === width) isKnown = true;
          reach(end, scores[tokens.get(token)!]![1]);
        },
        onStep,
      );
      if (!isKnown) reach(start + width, unknown);
    }
    const pieces: string[] = [];
    for (let end = word.length; end > 0; end = before[end]!) pieces.push(word.slice(before[end], end));
    return pieces.reverse();
  };

  const encode = (words: string[], budget: Budget) =>
    words.flatMap((word) => {
      const fused: string[] = [];
      let followsUnknown = false;
      for (const piece of bestSplit(word, budget)) {
        const pieceIsUnknown = isUnknown(piece);
        if (pieceIsUnknown && followsUnknown) fused[fused.length - 1] += piece;
        else fused.push(piece);
        followsUnknown = pieceIsUnknown;
      }
      return fused;
    });
  return Object.assign(encode, { unk_token_id: unknownId });
}

const widthAt = (word: string, start: number): number => (word.codePointAt(start)! > 0xffff ? 2 : 1);

/** Whether a place lies between the two units of a character. */
const splitsCharacter = (word: string, end: number): boolean =>
  end > 0 && end < word.length && widthAt(word, end - 1) === 2;
