/** What the golden cases of `npm run parity` leave open. */
import { hostTensor } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { multipleNegativesRanking } from './multiple-negatives-ranking.js';
import { coSent, cosineSimilarity } from './similarity.js';
import { runObjective } from './testing/run-objective.js';
import { triplet } from './triplet.js';

const ids = (rows: number) => hostTensor([rows, 1], new Int32Array(rows), 'i32');
const normalized = hostTensor([4, 2], [1, 0, 0, 1, 1, 0, 1, 0]);

describe('columns of texts', () => {
  test('anchors find their partners among all of the batch', () => {
    const objective = multipleNegativesRanking({ scale: 1 });
    expect(objective.counts({ inputIds: ids(4) })).toEqual({ anchors: 2 });
    const { loss } = runObjective(objective, { normalized }, { inputIds: ids(4) });
    expect(loss).toBeCloseTo(Math.log(2), 6);
  });

  test('a triplet whose negative is far enough has loss and gradient 0', () => {
    const meanPooled = hostTensor([3, 2], [0, 0, 0, 1, 9, 0]);
    const found = runObjective(triplet(), { meanPooled }, { inputIds: ids(3) });
    expect(found).toEqual({ loss: 0, gradient: [0, 0, 0, 0, 0, 0] });
  });

  test('a batch that is not made of the columns is an error', () => {
    expect(() => triplet().counts({ inputIds: ids(4) })).toThrow(
      expect.objectContaining({ code: 'E_DATA', message: 'A batch of 4 texts is not made of 3 columns.' }),
    );
  });
});

describe('pairs with a number', () => {
  const labels = hostTensor([2], [0.5, Number.NaN]);

  test('a pair without a number counts for nothing', () => {
    const objective = cosineSimilarity();
    expect(objective.counts({ labels })).toEqual({ targets: 1 });
    expect(runObjective(objective, { normalized }, { labels }).loss).toBeCloseTo(0.25, 6);
    const order = runObjective(coSent(), { normalized }, { labels });
    expect(order.loss).toBe(0);
    expect(order.gradient.every((slope) => slope === 0)).toBe(true);
  });

  test('CoSENT is small where the order of cosines is that of the numbers, and large where it is not', () => {
    const loss = (first: number, second: number) =>
      runObjective(coSent(), { normalized }, { labels: hostTensor([2], [first, second]) }).loss;
    expect(loss(1, 0)).toBeLessThan(1e-6);
    expect(loss(0, 1)).toBeCloseTo(20, 5);
  });
});
