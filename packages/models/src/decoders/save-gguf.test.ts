import { loadTokenizer, MemoryStorage } from '@attune/hub';
import { openGguf } from '@attune/hub/internal';
import { hostTensor } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { createModel } from '../create.js';
import { loadModel } from '../load.js';
import { saveGguf } from '../save-gguf.js';
import { forwardOutputs } from '../testing/forward-outputs.js';
import { tinyDecoders } from '../testing/tiny-decoders.js';
import {
  byteLevelTokenizer,
  chatTemplate,
  sentencePieceTokenizer,
  tokenizerFiles,
} from '../testing/tiny-tokenizers.js';

const task = 'causal-language-modeling';
async function saved(config: object, definition: object, dtype: 'f32' | 'f16' | 'q8_0' | 'q4_0' = 'f32') {
  const created = await createModel(
    { model_type: '', ...config },
    { task, seed: 4, tokenizer: await tokenizerFiles(definition) },
  );
  const moved = new Map(
    [...created.weights].map(([name, { type, data }]) => [
      name,
      hostTensor(
        type.shape,
        Float32Array.from(data, (value, index) => value + 0.1 * Math.sin(5 * index + name.length)),
      ),
    ]),
  );
  const target = new MemoryStorage('target');
  await saveGguf(target, 'model.gguf', created, moved, { dtype });
  return { created, moved, target };
}

const fields = {
  inputIds: hostTensor([1, 5], [3, 9, 4, 12, 7], 'i32'),
  attentionMask: hostTensor([1, 5], [1, 1, 1, 1, 1], 'i32'),
};
const scaled = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
const { rope_scaling: _, ...plainLlama } = tinyDecoders.llama;
const gemma3 = {
  ...tinyDecoders.gemma3,
  sliding_window_pattern: 6,
  rope_local_base_freq: 1e4,
  query_pre_attn_scalar: 6,
};

describe('a model that was written as GGUF', () => {
  test.each<[string, object]>([
    ['llama', { ...tinyDecoders.llama, attention_bias: true }],
    ['llama3', { ...plainLlama, rope_theta: 1e8, rope_scaling: { ...scaled, original_max_position_embeddings: 8192 } }],
    ['mistral', tinyDecoders.mistral],
    ['qwen2', { ...tinyDecoders.qwen2, sliding_window: 5 }],
    ['qwen3', tinyDecoders.qwen3],
    ['gemma2', { ...tinyDecoders.gemma2, query_pre_attn_scalar: 6 }],
    ['gemma3', gemma3],
    ['gpt2', tinyDecoders.gpt2],
    ['phi3', tinyDecoders.phi3],
  ])('of %s answers as before, from that file alone', async (_, config) => {
    const { created, moved, target } = await saved({ ...config, vocab_size: 40 }, byteLevelTokenizer);
    const loaded = await loadModel(target, { task });
    expect([loaded.created, loaded.warnings]).toEqual([[], []]);
    const shorter = config === tinyDecoders.mistral ? 4 : 5;
    const given = Object.fromEntries(
      Object.entries(fields).map(([name, { data }]) => [
        name,
        hostTensor([1, shorter], Array.from(data).slice(0, shorter), 'i32'),
      ]),
    );
    const [want, found] = [
      forwardOutputs(created.model, moved, given),
      forwardOutputs(loaded.model, loaded.weights, given),
    ];
    const got = found.get('logits')!.data;
    const largest = Math.max(...Array.from(want.get('logits')!.data, (value, index) => Math.abs(value - got[index]!)));
    expect(largest).toBeLessThan(2e-5);
  });

  test.each<[string, object, 'q8_0' | 'q4_0']>([
    ['llama', { ...tinyDecoders.llama, hidden_size: 32, intermediate_size: 64 }, 'q8_0'],
    ['phi3', { ...tinyDecoders.phi3, hidden_size: 32, intermediate_size: 64 }, 'q4_0'],
    ['gpt2', { ...tinyDecoders.gpt2, n_embd: 32 }, 'q8_0'],
  ])('of %s is the same with its blocks kept as they are stored', async (_, config, dtype) => {
    const { target } = await saved({ ...config, vocab_size: 40 }, byteLevelTokenizer, dtype);
    const unpacked = await loadModel(target, { task });
    const kept = await loadModel(target, { task, quantize: 'stored' });
    expect(new Set([...kept.model.packed!.formats.values()].map(({ name }) => name))).toEqual(new Set([dtype]));
    expect(await kept.weightsHash()).toBe(await unpacked.weightsHash());
    const [want, found] = [unpacked, kept].map(({ model, weights }) => forwardOutputs(model, weights, fields));
    const got = found!.get('logits')!.data;
    for (const [index, value] of want!.get('logits')!.data.entries()) expect(got[index]).toBeCloseTo(value, 5);
  });

  test.each<[string, object]>([
    ['byte-level BPE', byteLevelTokenizer],
    ["SentencePiece's BPE", sentencePieceTokenizer],
  ])('has the tokens and the template of %s', async (_, definition) => {
    const { created, target } = await saved(tinyDecoders.llama, definition);
    const [before, after] = [await loadTokenizer(created.source), await loadTokenizer(target)];
    for (const text of ['the thing in this', ' in  the', 'the</s>rain<s>', 'r<tool>s', 'thé!', '']) {
      const [wanted, found] = await Promise.all([before, after].map((each) => each.encode([text])));
      expect([text, found?.[0]?.ids]).toEqual([text, wanted?.[0]?.ids]);
      expect(after.decode(found![0]!.ids)).toBe(before.decode(wanted![0]!.ids));
    }
    const { metadata } = await openGguf(target, 'model.gguf');
    expect(metadata.get('tokenizer.chat_template')).toBe(chatTemplate);
    expect(metadata.get('tokenizer.ggml.eos_token_id')).toBe(1);
  });

  test('is saved as a directory again with its tokenizer', async () => {
    const { created, target } = await saved(tinyDecoders.llama, byteLevelTokenizer);
    const directory = new MemoryStorage('directory');
    await (await loadModel(target, { task })).save(directory);
    const [before, after] = [await loadTokenizer(created.source), await loadTokenizer(directory)];
    expect((await after.encode(['the thing']))[0]).toEqual((await before.encode(['the thing']))[0]);
  });
});
