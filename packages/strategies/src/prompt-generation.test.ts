/** Decoders under virtual tokens write as they read: with a cache and left padding as without. */
import { Learner } from '@attune/core';
import { hostTensor, referenceBackend } from '@attune/ir';
import { createModel } from '@attune/models';
import { tinyDecoders } from '@attune/models/testing/tiny-decoders';
import { describe, expect, test } from 'vitest';
import { prefixTuning } from './prefix-tuning.js';
import { promptTuning } from './prompt-tuning.js';

const prompts = [[7, 9, 11], [5], [8, 8, 21, 14, 30, 12, 6]];
const count = 5;
// Rotary positions, learned ones, and a window that the virtual tokens fall out of.
const families = [tinyDecoders.llama, tinyDecoders.gpt2, { ...tinyDecoders.mistral, sliding_window: 8 }];

describe.each([promptTuning, prefixTuning])('%o', (method) => {
  const strategy = method({ numVirtualTokens: count });

  test.each(families)('$model_type writes what passes over the whole text say', async (config) => {
    const model = await createModel(config, { task: 'causal-language-modeling', seed: 3 });
    await using learner = await Learner.open({ model, strategy, backend: referenceBackend() });
    await using plain = await Learner.open({ model, backend: referenceBackend() });
    const texts = await written(learner);
    expect(texts).not.toEqual(await written(plain));
    for (const [row, prompt] of prompts.entries()) {
      const text = [...prompt, ...texts[row]!];
      const shape = [1, text.length];
      const outputs = await learner.outputs({
        inputIds: hostTensor(shape, text, 'i32'),
        attentionMask: hostTensor(shape, new Int32Array(text.length).fill(1), 'i32'),
      });
      const { data, type } = outputs.get('logits')!;
      const best = text.map((_, place) => {
        const scores = Array.from(data.subarray(place * type.shape[2]!, (place + 1) * type.shape[2]!));
        return scores.indexOf(Math.max(...scores));
      });
      expect(best.slice(prompt.length - 1, -1)).toEqual(texts[row]);
    }
    const room = learner.generate([[1, 2]], { maxNewTokens: 63 - count });
    await expect(room.next()).rejects.toMatchObject({ code: 'E_TOO_LONG' });
  });
});

async function written(learner: Learner): Promise<number[][]> {
  const texts: number[][] = prompts.map(() => []);
  for await (const { tokens } of learner.generate(prompts, { maxNewTokens: 8 })) {
    for (const [row, token] of tokens.entries()) if (token !== undefined) texts[row]!.push(token);
  }
  return texts;
}
