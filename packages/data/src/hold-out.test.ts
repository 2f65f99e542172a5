import { expect, test } from 'vitest';
import { heldOutIndices } from './hold-out.js';
import { classLabel, type EncodedExample, tokenizedDataset } from './tokenized.js';

const example = (label: number, id: number, row = id): EncodedExample => ({
  ids: [101, id, 102],
  typeIds: [0, 0, 0],
  labels: { labels: label },
  row,
  truncated: false,
});
/** 60 of class 0, 30 of class 1, 9 of class 2, one of class 3. */
const uneven = [...Array(100).keys()].map((id) => example(id < 60 ? 0 : id < 90 ? 1 : id < 99 ? 2 : 3, id));

test('each class gives its share, and a single example of a class is trained on', () => {
  const held = heldOutIndices(uneven, { share: 0.1, seed: 0 });
  expect(held.map((index) => uneven[index]!.labels.labels).sort()).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 2]);
});

test('the seed decides', () => {
  const draw = (seed: number) => heldOutIndices(uneven, { share: 0.3, seed });
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('equal texts and the windows of one row stay on one side', () => {
  const twins = [...uneven, ...uneven.map(({ labels }, id) => example(Number(labels.labels), id, id + 100))];
  const windows = [...twins, ...uneven.map((_, id) => ({ ...example(0, id + 500, id) }))];
  const held = new Set(heldOutIndices(windows, { share: 0.3, seed: 0 }));
  const sides = new Map<number, boolean>();
  for (const [index, { row }] of windows.entries()) {
    const text = row % 100;
    expect(sides.get(text) ?? held.has(index)).toBe(held.has(index));
    sides.set(text, held.has(index));
  }
  expect(held.size).toBeGreaterThan(60);
});

test('both parts are data sets, and a transform sees the indices of the whole', () => {
  const seen = new Set<number>();
  const whole = tokenizedDataset(uneven, {
    name: 'test',
    padTokenId: 0,
    labelFields: [classLabel],
    maxLength: 8,
    transform(examples, indices) {
      for (const [row, { row: id }] of examples.entries()) expect(indices[row]).toBe(id);
      for (const index of indices) seen.add(index);
      return examples;
    },
  });
  const { train, heldOut } = whole.holdOut!({ share: 0.2, seed: 0 });
  expect([train.length, heldOut?.length]).toEqual([80, 20]);
  for (const part of [train, heldOut!]) for (const make of part.batches({ batchSize: 8 })) make();
  expect(seen.size).toBe(100);
  expect(train.fingerprint).not.toBe(whole.fingerprint);
});
