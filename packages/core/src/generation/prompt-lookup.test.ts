import { expect, test } from 'vitest';
import { guessedTokens } from './prompt-lookup.js';

test.each([
  ['the longer match first', [1, 2, 3, 9, 2, 4, 1, 2], 3, [3, 9, 2]],
  ['the first of several places', [1, 2, 5, 1, 2, 6, 1, 2], 1, [5]],
  ['one token, if no two match', [3, 7, 8, 2, 7], 2, [8, 2]],
  ['nothing new', [1, 2, 3], 4, []],
  ['a single token', [1], 4, []],
])('%s', (_, text, count, expected) => {
  expect(guessedTokens(text, count)).toEqual(expected);
});
