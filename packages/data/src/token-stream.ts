/** Texts as one stream of tokens, for models that carry a state from batch to batch. */
import { type Batch, type BatchOptions, permutation, type TokenizedDataset } from '@attune/core';
import { Sha256 } from '@attune/hub/internal';
import { AttuneError, hostTensor } from '@attune/ir';
import { heldOutIndices } from './hold-out.js';
import type { EncodedExample } from './tokenized.js';

export interface TokenStreamOptions {
  /** How messages call the source. */
  readonly name: string;
  /** Tokens of a row in a batch: so far back does training go (BPTT). The last batch of an epoch may have fewer. */
  readonly maxLength: number;
  /** What tokens depend on beside the texts; part of the fingerprint. */
  readonly settings?: string;
  /** Rows of the source that were left out. */
  readonly skippedRows?: number;
}

/**
 * Texts one behind the other, in an order of their own in each epoch, cut into as many rows as a batch has; batch after
 * batch takes the next `maxLength` tokens of each row, as fastai's LMDataLoader does. What is left at the end, less than
 * a token for each row, is not used. `labels` have one token more than `inputIds`, the one that follows.
 * @param texts whole texts with the tokens between them
 */
export function tokenStream(texts: readonly EncodedExample[], options: TokenStreamOptions): TokenizedDataset {
  const { name, skippedRows = 0 } = options;
  if (texts.length === 0) throw new AttuneError('E_DATA_EMPTY', `${name} has no example.`, { file: name });
  let fingerprint: string | undefined;
  const subset = (indices: readonly number[]) =>
    tokenStream(
      indices.map((index) => texts[index]!),
      options,
    );
  return {
    length: texts.length,
    get fingerprint() {
      fingerprint ??= fingerprintOf(texts, options);
      return fingerprint;
    },
    skippedRows,
    varies: true,
    batches: (request) => batchesOf(texts, options, request),
    holdOut(request) {
      const held = heldOutIndices(texts, request);
      const isHeld = new Set(held);
      return {
        train: subset([...texts.keys()].filter((index) => !isHeld.has(index))),
        heldOut: held.length === 0 ? undefined : subset(held),
      };
    },
  };
}

function batchesOf(
  texts: readonly EncodedExample[],
  { name, maxLength }: TokenStreamOptions,
  { batchSize, shuffle }: BatchOptions,
): readonly (() => Batch)[] {
  const order = shuffle ? permutation(texts.length, shuffle.seed, 'stream', shuffle.epoch) : [...texts.keys()];
  const total = texts.reduce((sum, { ids }) => sum + ids.length, 0);
  // Rows that begin have no state: evaluation has no more of them than fill a window each.
  const rows = shuffle ? batchSize : Math.min(batchSize, Math.max(1, Math.floor((total - 1) / maxLength)));
  const rowLength = Math.floor((total - 1) / rows);
  if (rowLength < 1) {
    throw new AttuneError('E_DATA_EMPTY', `${name} has ${total} tokens, too few for batches of ${batchSize} rows.`, {
      file: name,
      field: 'perDeviceTrainBatchSize',
      hint: `Give more text, or batches of at most ${Math.max(1, total - 1)} rows.`,
    });
  }
  let stream: Stream | undefined;
  return Array.from({ length: Math.ceil(rowLength / maxLength) }, (_, window) => () => {
    stream ??= streamOf(texts, order, total);
    const count = Math.min(maxLength, rowLength - window * maxLength);
    const inputIds = new Int32Array(rows * count);
    const labels = new Int32Array(rows * (count + 1));
    const indices: number[] = [];
    for (let row = 0; row < rows; row++) {
      const start = row * rowLength + window * maxLength;
      inputIds.set(stream.ids.subarray(start, start + count), row * count);
      labels.set(stream.ids.subarray(start, start + count + 1), row * (count + 1));
      indices.push(stream.textAt(start));
    }
    return {
      tensors: {
        inputIds: hostTensor([rows, count], inputIds, 'i32'),
        attentionMask: hostTensor([rows, count], new Int32Array(rows * count).fill(1), 'i32'),
        labels: hostTensor([rows, count + 1], labels, 'i32'),
      },
      rows: indices.map((index) => texts[index]!.row),
      indices,
      tokens: rows * count,
      continues: window > 0,
    };
  });
}

interface Stream {
  readonly ids: Int32Array;
  /** The index of the text that a place belongs to. */
  textAt(place: number): number;
}

function streamOf(texts: readonly EncodedExample[], order: ArrayLike<number>, total: number): Stream {
  const ids = new Int32Array(total);
  const starts = new Float64Array(order.length);
  let start = 0;
  for (const [position, index] of Array.from(order).entries()) {
    starts[position] = start;
    ids.set(texts[index]!.ids, start);
    start += texts[index]!.ids.length;
  }
  return {
    ids,
    textAt(place) {
      let [low, high] = [0, starts.length - 1];
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (starts[middle]! <= place) low = middle;
        else high = middle - 1;
      }
      return order[low]!;
    },
  };
}

function fingerprintOf(texts: readonly EncodedExample[], { maxLength, settings = '' }: TokenStreamOptions): string {
  const hash = new Sha256().update(JSON.stringify({ stream: maxLength, settings }));
  for (const { ids } of texts) hash.update(`\n${JSON.stringify(ids)}`);
  return hash.digest();
}
