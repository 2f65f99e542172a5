/** Random masking for masked language models (Devlin et al. 2018, arXiv 1810.04805), as a pure function. */
import { IGNORED_LABEL } from '@attune/core';
import { keyOf } from '@attune/core/internal';
import { AttuneError, threefry } from '@attune/ir';

export interface MaskingOptions {
  readonly maskTokenId: number;
  /** Replacements are drawn from the ids below it. */
  readonly vocabularySize: number;
  /** The share of words (or tokens) that are chosen, 0.15 by default. */
  readonly probability?: number;
  /** Whether all tokens of a word are chosen together, true by default; else each for itself. */
  readonly wholeWords?: boolean;
  /** The share of chosen tokens that become the mask token, 0.8 by default. */
  readonly maskShare?: number;
  /** The share of chosen tokens that become any token, 0.1 by default; the others stay as they are. */
  readonly randomShare?: number;
}

/** Where a draw stands; equal places give equal masks. */
export interface MaskingPlace {
  readonly seed: number;
  readonly epoch: number;
  /** Index of the example in the data set. */
  readonly index: number;
}

export interface MaskedTokens {
  readonly ids: readonly number[];
  /** The original id where the token was chosen, else the ignored label. */
  readonly labels: readonly number[];
}

/** What a counter of the generator is for. */
const [CHOICE, REPLACEMENT] = [5, 6];

/**
 * Chooses words and hides them. Each word is chosen with `probability`; where none is, the one that came nearest, so that
 * every text with a word teaches something. Of the chosen tokens, each for itself, 80 % become the mask token, 10 % a
 * token drawn evenly from the vocabulary, and 10 % stay. A function of its arguments only: the numbers come from Threefry
 * by seed, epoch, example and position.
 * @param wordIds the word of each token, as `Encoding.wordIds`; null for special tokens, which are never chosen. Neighbours
 * with one number are one word
 * @throws AttuneError `E_CONFIG` for shares outside [0, 1], or that add up to more
 */
export function maskTokens(
  ids: readonly number[],
  wordIds: readonly (number | null)[],
  options: MaskingOptions,
  { seed, epoch, index }: MaskingPlace,
): MaskedTokens {
  const { probability, wholeWords, maskShare, randomShare } = checked(options);
  const key = keyOf(seed, 'masking', epoch, index);
  const groups = groupsOf(wordIds, wholeWords);
  const draws = groups.map(([first]) => unit(threefry(key, [first!, CHOICE])[0]));
  const least = Math.min(...draws);
  const masked = [...ids];
  const labels = ids.map(() => IGNORED_LABEL);
  for (const [number, group] of groups.entries()) {
    if (draws[number]! >= probability && draws[number]! > least) continue;
    for (const position of group) {
      labels[position] = ids[position]!;
      const [fate, replacement] = threefry(key, [position, REPLACEMENT]);
      const share = unit(fate);
      if (share < maskShare) masked[position] = options.maskTokenId;
      else if (share < maskShare + randomShare)
        masked[position] = Math.floor(unit(replacement) * options.vocabularySize);
    }
  }
  return { ids: masked, labels };
}

/** Uniform in [0, 1). */
const unit = (word: number): number => word / 2 ** 32;

/** Positions that are chosen together. */
function groupsOf(wordIds: readonly (number | null)[], wholeWords: boolean): readonly (readonly number[])[] {
  const groups: number[][] = [];
  for (const [position, word] of wordIds.entries()) {
    if (word === null) continue;
    const continues = wholeWords && position > 0 && wordIds[position - 1] === word;
    if (continues) groups.at(-1)!.push(position);
    else groups.push([position]);
  }
  return groups;
}

function checked({ probability = 0.15, wholeWords = true, maskShare = 0.8, randomShare = 0.1 }: MaskingOptions) {
  const shares = { probability, maskShare, randomShare };
  for (const [field, share] of Object.entries(shares)) {
    if (!(share >= 0 && share <= 1)) {
      throw new AttuneError('E_CONFIG', `masking: ${field} is ${share}, it must be in [0, 1].`, { field });
    }
  }
  if (maskShare + randomShare > 1 + 1e-9) {
    throw new AttuneError('E_CONFIG', `masking: maskShare and randomShare add up to ${maskShare + randomShare}.`, {
      field: 'randomShare',
    });
  }
  return { ...shares, wholeWords };
}
