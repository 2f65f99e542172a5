/** Against the values of transformers 5.24's processors. */
import { describe, expect, test } from 'vitest';
import { checkedOptions, type GenerateOptions } from '../generation-options.js';
import { TokenChooser } from '../token-chooser.js';
import { processorsOf } from './list.js';

const scores = [1.5, -0.75, 3.25, 0.5, 2, -2.5, 0.25, 3, -1, 1, 2.75, -0.25];
const text = { prompt: [2, 7, 4, 2], written: [7, 10, 2, 7] };

function processed(options: GenerateOptions): readonly number[] {
  const row = Float32Array.from(scores);
  for (const process of processorsOf(checkedOptions(options))) process(row, text);
  return [...row];
}

const cases: readonly (readonly [GenerateOptions, readonly number[]])[] = [
  [
    { topK: 3, temperature: 1 },
    [
      -Infinity,
      -Infinity,
      3.25,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
      3.0,
      -Infinity,
      -Infinity,
      2.75,
      -Infinity,
    ],
  ],
  [
    { topP: 0.7, temperature: 1 },
    [
      -Infinity,
      -Infinity,
      3.25,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
      3.0,
      -Infinity,
      -Infinity,
      2.75,
      -Infinity,
    ],
  ],
  [
    { topP: 0.01, temperature: 1 },
    [
      -Infinity,
      -Infinity,
      3.25,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
    ],
  ],
  [
    { minP: 0.2, temperature: 1 },
    [-Infinity, -Infinity, 3.25, -Infinity, 2.0, -Infinity, -Infinity, 3.0, -Infinity, -Infinity, 2.75, -Infinity],
  ],
  [
    { typicalP: 0.5, temperature: 1 },
    [-Infinity, -Infinity, -Infinity, -Infinity, 2.0, -Infinity, -Infinity, 3.0, -Infinity, -Infinity, 2.75, -Infinity],
  ],
  [
    { typicalP: 0.9, temperature: 1 },
    [1.5, -Infinity, 3.25, -Infinity, 2.0, -Infinity, -Infinity, 3.0, -Infinity, -Infinity, 2.75, -Infinity],
  ],
  [{ repetitionPenalty: 1.3 }, [1.5, -0.75, 2.5, 0.5, 1.538462, -2.5, 0.25, 2.307692, -1.0, 1.0, 2.115385, -0.25]],
  [{ noRepeatNgramSize: 2 }, [1.5, -0.75, 3.25, 0.5, -Infinity, -2.5, 0.25, 3.0, -1.0, 1.0, -Infinity, -0.25]],
  [{ noRepeatNgramSize: 3 }, [1.5, -0.75, 3.25, 0.5, -Infinity, -2.5, 0.25, 3.0, -1.0, 1.0, -Infinity, -0.25]],
  [
    { noRepeatNgramSize: 1 },
    [1.5, -0.75, -Infinity, 0.5, -Infinity, -2.5, 0.25, -Infinity, -1.0, 1.0, -Infinity, -0.25],
  ],
  [
    { badWordsIds: [[3], [2, 7, 4], [7, 5], [1, 9], [11]], eosTokenId: [11] },
    [1.5, -0.75, 3.25, -Infinity, -Infinity, -Infinity, 0.25, 3.0, -1.0, 1.0, 2.75, -0.25],
  ],
  [
    { minNewTokens: 5, eosTokenId: [2, 9] },
    [1.5, -0.75, -Infinity, 0.5, 2.0, -2.5, 0.25, 3.0, -1.0, -Infinity, 2.75, -0.25],
  ],
  [{ minNewTokens: 4, eosTokenId: [2, 9] }, [1.5, -0.75, 3.25, 0.5, 2.0, -2.5, 0.25, 3.0, -1.0, 1.0, 2.75, -0.25]],
  [{ logitBias: { '2': -100, '5': 4.5 } }, [1.5, -0.75, -96.75, 0.5, 2.0, 2.0, 0.25, 3.0, -1.0, 1.0, 2.75, -0.25]],
  [
    { temperature: 0.7 },
    [
      2.142857, -1.071429, 4.642857, 0.714286, 2.857143, -3.571429, 0.357143, 4.285714, -1.428571, 1.428571, 3.928571,
      -0.357143,
    ],
  ],
  [
    {
      logitBias: { '5': 4.5 },
      repetitionPenalty: 1.2,
      noRepeatNgramSize: 2,
      badWordsIds: [[9]],
      minNewTokens: 9,
      eosTokenId: [10],
      temperature: 0.8,
      topK: 6,
      topP: 0.9,
      minP: 0.05,
      typicalP: 0.9,
    },
    [
      -Infinity,
      -Infinity,
      3.385417,
      -Infinity,
      -Infinity,
      2.5,
      -Infinity,
      3.125,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
    ],
  ],
];

test.each(cases)('%j', (options, expected) => {
  for (const [token, score] of processed(options).entries()) expect(score).toBeCloseTo(expected[token]!, 5);
});

test('presence and frequency penalties count what was written, as vLLM does', () => {
  const found = processed({ presencePenalty: 0.5, frequencyPenalty: 0.25 });
  const expected = scores.map((score, token) => score - ({ 7: 0.5 + 2 * 0.25, 10: 0.75, 2: 0.75 }[token] ?? 0));
  expect(found).toEqual(expected);
});

describe('draws', () => {
  const chooser = (options: GenerateOptions, row = 0) => new TokenChooser(checkedOptions(options), row);
  const draw = (seed: number, row: number, step: number) =>
    chooser({ temperature: 1.5, seed }, row).choose(Float32Array.from(scores), {
      prompt: [1],
      written: new Array<number>(step).fill(0),
    });

  test('are a function of the seed, the row and the number of the token', () => {
    const places = Array.from({ length: 12 }, (_, at) => at);
    expect(places.map((at) => draw(1, 0, at))).toEqual([10, 10, 2, 10, 6, 2, 10, 8, 4, 10, 4, 0]);
    for (const other of [places.map((at) => draw(2, 0, at)), places.map((at) => draw(1, 1, at))])
      expect(other).not.toEqual(places.map((at) => draw(1, 0, at)));
  });

  test('greedy choices need no scores', () => {
    expect(chooser({ topK: 3, topP: 0.5, seed: 4 }).needsScores).toBe(false);
    expect(chooser({ temperature: 0.1 }).needsScores).toBe(true);
    expect(chooser({ repetitionPenalty: 1.1 }).needsScores).toBe(true);
  });
});

describe('what is refused', () => {
  test.each([
    [{ logitBias: { 12: 1 } }, 'logitBias'],
    [{ badWordsIds: [[1, 99]] }, 'badWordsIds'],
    [{ badWordsIds: scores.map((_, token) => [token]) }, 'generation'],
  ])('%j', (options, field) => {
    const choose = () => new TokenChooser(checkedOptions(options), 0).choose(Float32Array.from(scores), text);
    expect(choose).toThrow(expect.objectContaining({ code: 'E_CONFIG', field }));
  });

  test.each([
    { minNewTokens: 9, maxNewTokens: 8 },
    { typicalP: 0 },
    { repetitionPenalty: 0 },
    { presencePenalty: 3 },
    { logitBias: { x: 1 } },
    { badWordsIds: [[]] },
    { eosTokenId: -1 },
  ])('%j', (options) => {
    const [field] = Object.keys(options);
    expect(() => checkedOptions(options)).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
    expect(() => checkedOptions(options)).toThrow(field);
  });
});
