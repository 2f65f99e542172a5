/** Dynamic masking by the rule of transformers' DataCollatorForLanguageModeling, as a function of seed and place. */
import { IGNORED_LABEL, keyOf } from '@attune/core';
import { threefry } from '@attune/ir';
import type { Draw } from './tokenized.js';

export interface MaskingOptions {
  /** Share of the tokens that are predicted; 0.15 by default. */
  readonly maskProbability?: number;
  readonly maskTokenId: number;
  /** Random tokens are drawn below this. */
  readonly vocabularySize: number;
}

/** A row to mask: its number in the data set, its tokens, and which of them are special and stay. */
export interface MaskableRow {
  readonly index: number;
  readonly ids: readonly number[];
  readonly isSpecial: ArrayLike<number>;
}

export interface MaskedRow {
  readonly ids: readonly number[];
  /** The token where one is to be predicted, the ignored label elsewhere. */
  readonly labels: readonly number[];
}

/**
 * Chooses tokens to predict; of them 80% become the mask token, 10% a random one, 10% stay. What a token becomes depends
 * on seed, epoch, the row's index and the position only, but where nothing of a batch is chosen: then its likeliest token
 * is, because a batch without a target has no loss.
 */
export function maskRows(
  rows: readonly MaskableRow[],
  { maskProbability = 0.15, maskTokenId, vocabularySize }: MaskingOptions,
  { seed, epoch }: Draw,
): readonly MaskedRow[] {
  const keys = rows.map(({ index }) => keyOf(seed, 'masking', epoch, index));
  const draws = rows.map(({ ids, isSpecial }, row) =>
    ids.map((_, position) => (isSpecial[position] ? undefined : threefry(keys[row]!, [position, 5]))),
  );
  const lowest = draws.flat().reduce((least, draw) => Math.min(least, draw?.[0] ?? least), 2 ** 32);
  const limit = Math.max(maskProbability * 2 ** 32, lowest + 1);
  return rows.map(({ ids }, row) => {
    const labels = new Array<number>(ids.length).fill(IGNORED_LABEL);
    const masked = ids.map((id, position) => {
      const draw = draws[row]![position];
      if (!draw || draw[0] >= limit) return id;
      labels[position] = id;
      const share = draw[1] / 2 ** 32;
      if (share < 0.8) return maskTokenId;
      if (share >= 0.9) return id;
      return Math.floor((threefry(keys[row]!, [position, 6])[0] / 2 ** 32) * vocabularySize);
    });
    return { ids: masked, labels };
  });
}
