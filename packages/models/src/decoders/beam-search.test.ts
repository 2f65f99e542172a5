/** Beam search on the golden Llama, against transformers 5.24. */
import { onnx } from '@attune/backend-onnx';
import { type GenerateOptions, Learner } from '@attune/core';
import { searchBeams } from '@attune/core/internal';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../load.js';

type Found = readonly (readonly [tokens: readonly number[], score: number])[];

const prompt = [5, 17, 40, 3];
const cases: readonly (readonly [GenerateOptions, Found])[] = [
  [
    { numBeams: 4, numReturnSequences: 4, eosTokenId: [2] },
    [
      [[93, 83, 83, 83, 56, 93, 14, 14], -3.35837],
      [[93, 83, 83, 83, 56, 93, 93, 93], -3.36371],
      [[93, 83, 83, 56, 93, 93, 93, 93], -3.36792],
      [[93, 83, 83, 83, 83, 6, 11, 89], -3.37839],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: 1.0, earlyStopping: false },
    [
      [[93, 83, 83, 83], -3.34375],
      [[10, 83, 83, 83, 6], -3.34541],
      [[83], -3.34673],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: 1.0, earlyStopping: true },
    [
      [[93, 83, 83, 83], -3.34375],
      [[83], -3.34673],
      [[10, 83, 83, 83], -3.35787],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: 1.0, earlyStopping: 'never' },
    [
      [[93, 83, 83, 83], -3.34375],
      [[10, 83, 83, 83, 6], -3.34541],
      [[83], -3.34673],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: -1.0, earlyStopping: false },
    [
      [[83], -13.38693],
      [[10, 83, 83], -53.84856],
      [[93, 83, 83, 83], -83.5937],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: -1.0, earlyStopping: true },
    [
      [[83], -13.38693],
      [[10, 83, 83], -53.84856],
      [[93, 83, 83, 83], -83.5937],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: -1.0, earlyStopping: 'never' },
    [
      [[83], -13.38693],
      [[10, 83, 83], -53.84856],
      [[93, 83, 83, 83], -83.5937],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: 2.0, earlyStopping: false },
    [
      [[93, 83, 83, 83, 83, 6, 6, 11], -0.4223],
      [[93, 83, 83, 83, 83, 6, 11], -0.4223],
      [[93, 83, 83, 83, 83, 6, 11, 91], -0.42538],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: 2.0, earlyStopping: true },
    [
      [[93, 83, 83, 83], -0.66875],
      [[10, 83, 83, 83], -0.67157],
      [[10, 83, 83], -0.84138],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: 2.0, earlyStopping: 'never' },
    [
      [[93, 83, 83, 83, 83, 6, 6, 11], -0.4223],
      [[93, 83, 83, 83, 83, 6, 11], -0.4223],
      [[93, 83, 83, 83, 83, 6, 11, 91], -0.42538],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: 0.0, earlyStopping: false },
    [
      [[83], -6.69347],
      [[10, 83, 83], -13.46214],
      [[93, 83, 83, 83], -16.71874],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: 0.0, earlyStopping: true },
    [
      [[83], -6.69347],
      [[10, 83, 83], -13.46214],
      [[93, 83, 83, 83], -16.71874],
    ],
  ],
  [
    { numBeams: 3, numReturnSequences: 3, eosTokenId: [89, 56], lengthPenalty: 0.0, earlyStopping: 'never' },
    [
      [[83], -6.69347],
      [[10, 83, 83], -13.46214],
      [[93, 83, 83, 83], -16.71874],
    ],
  ],
  [
    { numBeams: 5, numReturnSequences: 2, eosTokenId: [93, 56], noRepeatNgramSize: 2, repetitionPenalty: 1.2 },
    [
      [[83], -3.34673],
      [[], -3.41365],
    ],
  ],
];

describe.skipIf(skipsGolden)('beam search', () => {
  test('finds the texts of transformers, with their scores', async () => {
    const { model, weights } = await loadModel(nodeStorage(sharedPath('golden/models/llama-causal-tied')), {
      task: 'causal-language-modeling',
    });
    await using learner = await Learner.open({ model: { model, weights }, backend: onnx({ threads: 1 }) });
    for (const [options, expected] of cases) {
      const asked = { maxNewTokens: 8, ...options };
      const found = await searchBeams(prompt, learner.context(), asked);
      expect(
        found.map(({ tokens }) => tokens),
        JSON.stringify(options),
      ).toEqual(expected.map(([tokens]) => tokens));
      for (const [index, { score }] of found.entries()) expect(score).toBeCloseTo(expected[index]![1], 3);
    }
    const [options] = cases[1]!;
    const steps: (readonly (number | undefined)[])[] = [];
    const asked = { maxNewTokens: 8, ...options };
    for await (const { tokens } of learner.generate([prompt, prompt.slice(1)], asked)) steps.push(tokens);
    const texts = Array.from({ length: 6 }, (_, row) => steps.flatMap((tokens) => tokens[row] ?? []));
    expect(texts.slice(0, 3)).toEqual(cases[1]![1].map(([tokens]) => tokens));
    const other = await searchBeams(prompt.slice(1), learner.context(), asked);
    expect(texts.slice(3)).toEqual(other.map(({ tokens }) => tokens));
    const { liveBytes } = learner.device.memory();
    await searchBeams(prompt, learner.context(), asked);
    expect(learner.device.memory().liveBytes).toBe(liveBytes);
  });
});
