import { toHalfBits } from '@attune/ir';
import { expect, it } from 'vitest';
import { withTokenField } from './token-field.js';
import { tokenizedDataset } from './tokenized.js';

const example = (ids: readonly number[], row: number) => ({ ids, typeIds: [], labels: {}, row, truncated: false });
const dataset = tokenizedDataset([example([5, 6, 7], 1), example([8], 2)], {
  name: 'texts',
  padTokenId: 0,
  labelFields: [],
  maxLength: 4,
  multipleOf: 4,
});
const half = (values: readonly number[]) => Uint16Array.from(values, (value) => toHalfBits(value, 'f16'));
const vectors = {
  width: 2,
  counts: [3, 1],
  values: half([1, 2, 3, 4, Number.NaN, Number.NaN, -0.5, 8]),
  fingerprint: 'a',
};

it('tokens have their vectors, padding has none', () => {
  const field = withTokenField(dataset, 'teacherHiddenStates.6', vectors);
  const [batch] = field.batches({ batchSize: 3 }).map((make) => make());
  const { type, data } = batch!.tensors['teacherHiddenStates.6']!;
  expect(type).toEqual({ shape: [3, 4, 2], dtype: 'f32' });
  const none = Array.from({ length: 8 }, () => Number.NaN);
  const rows = new Map([
    [0, [1, 2, 3, 4, ...none.slice(0, 4)]],
    [1, [-0.5, 8, ...none.slice(0, 6)]],
  ]);
  expect(Array.from(data)).toEqual([...batch!.indices.flatMap((index) => rows.get(index)!), ...none]);
  expect(batch!.tensors.inputIds).toEqual(dataset.batches({ batchSize: 3 })[0]!().tensors.inputIds);
});

it('the fingerprint is of the vectors too', () => {
  const other = withTokenField(dataset, 'x', { ...vectors, fingerprint: 'b' });
  expect(withTokenField(dataset, 'x', vectors).fingerprint).not.toBe(other.fingerprint);
});

it('vectors that do not belong to the examples are refused', () => {
  expect(() => withTokenField(dataset, 'x', { ...vectors, counts: [4] })).toThrow(/vectors for 1 of 2 examples/);
  const long = withTokenField(dataset, 'x', { ...vectors, counts: [3, 5] });
  expect(() => long.batches({ batchSize: 2 }).map((make) => make())).toThrow(/5 tokens for example 1/);
});
