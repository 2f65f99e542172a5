import { expect, test } from 'vitest';
import { nearest } from './nearest.js';

const names = ['evalSteps', 'saveSteps', 'learningRate', 'seed'];

test.each([
  ['svaeSteps', 'saveSteps'],
  ['learningrate', 'learningRate'],
  ['learnngRate', 'learningRate'],
  ['ssed', 'seed'],
  ['wholly different', undefined],
])('%s is %s', (word, expected) => {
  expect(nearest(word, names)).toBe(expected);
});
