import { expect, test } from 'vitest';
import { type AggregationStrategy, groupTokens } from './entities.js';

const tags = ['O', 'B-per', 'I-per', 'B-loc', 'I-loc'];
const text = 'Ann Lee saw Bonn-Beuel';

/** Word, start, end and tag of each token; the tag has 0.9 of the probability. */
const tokens = (...parts: readonly (readonly [number, number, number, string])[]) =>
  parts.map(([word, start, end, tag]) => ({
    word,
    start,
    end,
    scores: Float32Array.from(tags, (each) => (each === tag ? 0.9 : 0.025)),
  }));

const group = (given: ReturnType<typeof tokens>, strategy: AggregationStrategy) =>
  groupTokens(given, tags, text, strategy).map(({ label, text: found, start, end }) => [label, found, start, end]);

const sentence = tokens(
  [0, 0, 3, 'B-per'],
  [1, 4, 6, 'I-per'],
  [1, 6, 7, 'O'],
  [2, 8, 11, 'O'],
  [3, 12, 14, 'B-loc'],
  [3, 14, 16, 'B-loc'],
  [4, 16, 17, 'I-loc'],
  [5, 17, 22, 'I-loc'],
);

test('first: a word is what its first token is', () => {
  expect(group(sentence, 'first')).toEqual([
    ['per', 'Ann Lee', 0, 7],
    ['loc', 'Bonn-Beuel', 12, 22],
  ]);
  expect(groupTokens(sentence, tags, text, 'first')[0]?.score).toBeCloseTo(0.9, 6);
});

test('simple: tokens are on their own, as in transformers', () => {
  expect(group(sentence, 'simple')).toEqual([
    ['per', 'Ann Le', 0, 6],
    ['loc', 'Bo', 12, 14],
    ['loc', 'nn-Beuel', 14, 22],
  ]);
});

test('a type begins anew after B- and after another type, and tags without B- and I- are types', () => {
  const next = tokens([0, 0, 3, 'I-per'], [1, 4, 7, 'I-loc'], [2, 8, 11, 'B-loc']);
  expect(group(next, 'first').map(([label]) => label)).toEqual(['per', 'loc', 'loc']);
  const plain = tokens([0, 0, 3, 'O']).map((token) => ({ ...token, scores: Float32Array.of(0.1, 0.9) }));
  expect(groupTokens(plain, ['O', 'noun'], text, 'first')).toMatchObject([{ label: 'noun', text: 'Ann' }]);
  expect(groupTokens([], tags, text, 'first')).toEqual([]);
});
