import { AttuneError } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import type { GgufValue } from './header.js';
import { tokenizerOfGguf } from './tokenizer-of-gguf.js';

const own: Readonly<Record<string, GgufValue>> = {
  model: 'llama',
  tokens: ['<unk>', 'a', 'b', 'ab', 'aba'],
  scores: [0, -1, -2, -3, -4],
  unknown_token_id: 0,
};

const missing = () => Promise.reject(new AttuneError('E_TENSOR_MISSING', 'none'));

function read(changes: Readonly<Record<string, GgufValue | undefined>> = {}) {
  const fields = Object.entries({ ...own, ...changes }).flatMap(([key, value]) =>
    value === undefined ? [] : [[`tokenizer.ggml.${key}`, value] as const],
  );
  return tokenizerOfGguf({
    name: 'model.gguf',
    metadata: new Map(fields),
    tensors: new Map(),
    readFloat: missing,
    readBlocks: missing,
  });
}

test('scores become merges, the highest first, each with all its pairs', () => {
  expect(read().definition.model).toMatchObject({
    merges: [
      ['a', 'b'],
      ['ab', 'a'],
    ],
  });
});

describe('T05 gguf-tokenizer: is refused by the name of what is wrong', () => {
  test.each<[string, Readonly<Record<string, GgufValue | undefined>>, RegExp]>([
    ['another kind', { model: 'rwkv' }, /model is "rwkv".*gpt2 and llama/],
    ['no tokens', { tokens: undefined }, /tokens is not a list/],
    ['tokens that are no texts', { tokens: [1, 2] }, /tokens is not a list of texts/],
    ['too few scores', { scores: [0] }, /scores does not have one number for each of 5/],
    ['no scores', { scores: undefined }, /scores is missing/],
    ['a special token that is not there', { eos_token_id: 9 }, /eos_token_id is "9", there are 5/],
    ['a split that llama.cpp has and Attune has not', { model: 'gpt2', pre: 'tekken' }, /pre is "tekken".*smollm/],
    ['a merge of one part', { model: 'gpt2', merges: ['ab'] }, /merges has no pair at 0/],
    ['a token that takes hours', { tokens: ['x'.repeat(1e6)], scores: [0] }, /tokens has 1000000 letters at 0/],
    [
      'too many letters in all',
      { tokens: new Array<string>(50_000).fill('x'.repeat(200)), scores: new Array<number>(50_000).fill(0) },
      /tokens has 10000000 letters in all/,
    ],
  ])('%s', (_, changes, message) => {
    expect(() => read(changes)).toThrow(
      expect.objectContaining({ code: 'E_TOKENIZER', message: expect.stringMatching(message) }),
    );
  });
});
