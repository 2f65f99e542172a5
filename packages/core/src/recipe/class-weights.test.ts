import { expect, test } from 'vitest';
import { tinyDataset } from '../trainer/testing/tiny.js';
import { balancedWeights, countClasses, isUneven } from './class-weights.js';

test("scikit-learn's balanced weights, 1 for a class without examples", () => {
  expect(balancedWeights([6, 2, 0, 4])).toEqual([12 / 18, 2, 1, 1]);
});

test('classes are uneven if one is more than twenty times another', () => {
  expect([[20, 1], [21, 1], [0, 5, 5], []].map((counts) => isUneven(counts))).toEqual([false, true, false, false]);
});

test('counts the labels of a data set', () => {
  const examples = [0, 2, 2, 0, 2].map((label) => ({ ids: [1, 2], label }));
  expect(countClasses(tinyDataset(examples), 3)).toEqual([2, 0, 3]);
});
