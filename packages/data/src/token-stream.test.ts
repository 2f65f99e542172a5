import { AttuneError } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { tokenStream } from './token-stream.js';
import type { EncodedExample } from './tokenized.js';

const text = (row: number, ...ids: readonly number[]): EncodedExample => ({
  ids,
  typeIds: ids.map(() => 0),
  labels: {},
  row,
  truncated: false,
});

/** 23 tokens, 0 to 22, in three texts. */
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const texts = [text(1, ...numbers(0, 5)), text(2, ...numbers(5, 16)), text(3, ...numbers(16, 23))];
const stream = tokenStream(texts, { name: 'texts', maxLength: 4 });

const made = (batches: ReturnType<typeof stream.batches>) => batches.map((make) => make());
const rowsOf = ({
  type,
  data,
}: {
  readonly type: { readonly shape: readonly number[] };
  readonly data: ArrayLike<number>;
}) => {
  const [rows, width] = type.shape as [number, number];
  return Array.from({ length: rows }, (_, row) => Array.from(data).slice(row * width, (row + 1) * width));
};

describe('a stream of tokens', () => {
  test('goes on row by row, as in fastai: 22 tokens with a next one, 7 for each of 3 rows', () => {
    const batches = made(stream.batches({ batchSize: 3 }));
    expect(batches.map(({ tensors }) => rowsOf(tensors.inputIds!))).toEqual([
      [numbers(0, 4), numbers(7, 11), numbers(14, 18)],
      [numbers(4, 7), numbers(11, 14), numbers(18, 21)],
    ]);
    expect(batches.map(({ tensors }) => rowsOf(tensors.labels!))).toEqual([
      [numbers(0, 5), numbers(7, 12), numbers(14, 19)],
      [numbers(4, 8), numbers(11, 15), numbers(18, 22)],
    ]);
    expect(batches.map(({ continues }) => continues)).toEqual([false, true]);
    expect(batches.map(({ rows }) => rows)).toEqual([
      [1, 2, 2],
      [1, 2, 3],
    ]);
    expect(batches.map(({ tokens }) => tokens)).toEqual([12, 9]);
  });

  test('puts whole texts in another order in each epoch, as a function of seed and epoch', () => {
    const of = (seed: number, epoch: number) =>
      made(stream.batches({ batchSize: 1, shuffle: { seed, epoch } })).flatMap(({ tensors }) => [
        ...tensors.inputIds!.data,
      ]);
    expect(of(1, 0)).toEqual(of(1, 0));
    const orders = new Set(numbers(0, 8).map((epoch) => of(1, epoch).join()));
    expect(orders.size).toBeGreaterThan(2);
    for (const ids of [of(1, 0), of(2, 5)]) {
      expect([...ids].sort((a, b) => a - b)).toHaveLength(22);
      expect(ids.filter((id, index) => id !== ids[index - 1]! + 1).length).toBeLessThanOrEqual(3);
    }
  });

  test('holds whole texts out', () => {
    const { train, heldOut } = stream.holdOut!({ share: 0.34, seed: 0 });
    expect([train.length, heldOut?.length]).toEqual([2, 1]);
    expect(train.fingerprint).not.toBe(stream.fingerprint);
  });

  test('refuses batches of more rows than it has tokens; evaluation takes as many as fill a window each', () => {
    expect(() => stream.batches({ batchSize: 30, shuffle: { seed: 0, epoch: 0 } })).toThrow(AttuneError);
    expect(() => stream.batches({ batchSize: 30, shuffle: { seed: 0, epoch: 0 } })).toThrow(/23 tokens.*30 rows/);
    expect(made(stream.batches({ batchSize: 30 }))[0]!.tensors.inputIds!.type.shape).toEqual([5, 4]);
  });
});
