import { hostTensor } from '@attune/ir';
import type { HostBatch } from './objective.js';

/** One sequence of tokens: ids and segment types, one of each per token. */
export interface TokenRow {
  readonly ids: readonly number[];
  readonly typeIds: readonly number[];
  /** Whether it was cut to fit. */
  readonly truncated?: boolean;
}

export interface PaddedShape {
  readonly length: number;
  /** Rows of the batch; those behind the given ones hold one attended padding token. */
  readonly batchSize: number;
  readonly padTokenId: number;
}

/** Pads rows to i32 [batchSize, length]: `inputIds`, `attentionMask` (1 where there is a token) and `tokenTypeIds`. */
export function padRows(rows: readonly TokenRow[], { length, batchSize, padTokenId }: PaddedShape): HostBatch {
  const inputIds = new Int32Array(batchSize * length).fill(padTokenId);
  const attentionMask = new Int32Array(batchSize * length);
  const tokenTypeIds = new Int32Array(batchSize * length);
  for (let row = 0; row < batchSize; row++) {
    const tokens = rows[row];
    if (!tokens) {
      attentionMask[row * length] = 1;
      continue;
    }
    inputIds.set(tokens.ids, row * length);
    tokenTypeIds.set(tokens.typeIds, row * length);
    attentionMask.fill(1, row * length, row * length + tokens.ids.length);
  }
  return {
    inputIds: hostTensor([batchSize, length], inputIds, 'i32'),
    attentionMask: hostTensor([batchSize, length], attentionMask, 'i32'),
    tokenTypeIds: hostTensor([batchSize, length], tokenTypeIds, 'i32'),
  };
}
