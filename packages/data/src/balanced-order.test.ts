/** What an epoch consists of, if classes are to be balanced or rows of another data set stand beside its own. */
import { describe, expect, it } from 'vitest';
import { balancedOrder } from './balanced-order.js';
import { classLabel, tokenizedDataset } from './tokenized.js';
import { withReplay } from './with-replay.js';

/** 8 of class 0, 3 of class 1, 1 of class 2. */
const labels = [0, 0, 0, 0, 1, 0, 0, 2, 1, 0, 0, 1];
const countsOf = (chosen: readonly number[]) =>
  chosen.reduce((counts, each) => counts.with(each, (counts[each] ?? 0) + 1), [0, 0, 0]);
const dataset = (name: string, of: readonly number[]) =>
  tokenizedDataset(
    of.map((label, index) => ({
      ids: [100 + index],
      typeIds: [0],
      labels: { labels: label },
      row: index + 1,
      truncated: false,
    })),
    { name, padTokenId: 0, maxLength: 4, labelFields: [classLabel] },
  );

describe('balancedOrder', () => {
  it('has as many of every class, and each example of a class as often', () => {
    const epochs = Array.from({ length: 6 }, (_, epoch) => balancedOrder(labels, { seed: 3, epoch }));
    for (const epoch of epochs) expect(countsOf(epoch.map((index) => labels[index]!))).toEqual([4, 4, 4]);
    const seen = countsOf(epochs.flat().map((index) => labels[index]!));
    expect(seen).toEqual([24, 24, 24]);
    // 24 draws: the eight examples of class 0 three times each, the three of class 1 eight times each.
    const times = labels.map((_, index) => epochs.flat().filter((each) => each === index).length);
    expect(times).toEqual(labels.map((label) => [3, 8, 24][label]));
  });

  it('gives a remainder to some classes and is a function of seed and epoch', () => {
    const uneven = [0, 0, 0, 0, 0, 1, 2];
    const order = (seed: number, epoch: number) => balancedOrder(uneven, { seed, epoch });
    for (const epoch of [0, 1, 2]) {
      expect(order(1, epoch)).toHaveLength(7);
      expect(countsOf(order(1, epoch).map((index) => uneven[index]!)).toSorted()).toEqual([2, 2, 3]);
      expect(order(1, epoch)).toEqual(order(1, epoch));
    }
    expect(order(1, 0)).not.toEqual(order(1, 1));
    expect(order(1, 0)).not.toEqual(order(2, 0));
  });

  it('makes the batches of training and leaves those of evaluation as they are', async () => {
    const balanced = await dataset('rows', labels).balanced!();
    const of = (shuffle?: { seed: number; epoch: number }) =>
      balanced
        .batches({ batchSize: 4, ...(shuffle ? { shuffle } : {}) })
        .flatMap((make) => [...make().tensors.labels!.data]);
    expect(countsOf(of({ seed: 0, epoch: 0 }))).toEqual([4, 4, 4]);
    expect(countsOf(of())).toEqual([8, 3, 1]);
    expect(balanced.holdOut!({ share: 0.25, seed: 0 }).heldOut!.length).toBe(3);
  });
});

describe('withReplay', () => {
  const mixed = withReplay(dataset('new', labels), dataset('earlier', [0, 1, 0, 1, 0]), 0.4);
  const batchesOf = (epoch: number) =>
    mixed.batches({ batchSize: 3, shuffle: { seed: 5, epoch } }).map((make) => make().tensors);

  it('puts rows of the earlier task beside its own, by their share', () => {
    expect(batchesOf(0)).toHaveLength(4);
    for (const { inputIds, 'replay.inputIds': earlier, 'replay.labels': of } of batchesOf(0)) {
      expect([inputIds, earlier, of].map((tensor) => tensor!.type.shape[0])).toEqual([3, 2, 2]);
    }
  });

  it('goes through them again and again, as a function of seed and epoch', () => {
    const ids = [0, 1, 2].flatMap((epoch) =>
      batchesOf(epoch).flatMap((tensors) => [...tensors['replay.inputIds']!.data]),
    );
    // Four rounds of three batches.
    const times = [100, 101, 102, 103, 104].map((id) => ids.filter((each) => each === id).length);
    expect(times).toEqual([4, 4, 4, 4, 4]);
    expect(batchesOf(2)).toEqual(batchesOf(2));
  });

  it('evaluates the new task alone', () => {
    const [batch] = mixed.batches({ batchSize: 3 });
    expect(Object.keys(batch!().tensors)).not.toContain('replay.inputIds');
    const { heldOut } = mixed.holdOut!({ share: 0.25, seed: 0 });
    expect(Object.keys(heldOut!.batches({ batchSize: 3, shuffle: { seed: 0, epoch: 0 } })[0]!().tensors)).not.toContain(
      'replay.labels',
    );
    expect(mixed.fingerprint).not.toBe(dataset('new', labels).fingerprint);
  });
});
