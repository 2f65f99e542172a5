// What a token costs as a text grows: a thousand tokens, one by one, over the cache on the device. The model has random
// weights, which takes as long as trained ones.
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { Learner } from '@attune/core';
import { createModel } from '@attune/models';
import { median, writeResults } from './common.mjs';

parseArgs({ options: { backend: { type: 'string' } } });
const TOKENS = 1000;
const PART = 100;
const shapes = [
  { layers: 2, width: 64, heads: 4, vocabulary: 512 },
  { layers: 4, width: 256, heads: 8, vocabulary: 8192 },
];

const results = [];
for (const { layers, width, heads, vocabulary } of shapes) {
  const config = {
    model_type: 'llama',
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: 4 * width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads / 2,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-6,
  };
  const { model, weights } = await createModel(config, { task: 'causal-language-modeling' });
  await using learner = await Learner.open({ model: { model, weights }, backend: onnx({ threads: 1 }) });
  const times: number[] = [];
  const memory: number[] = [];
  let last = performance.now();
  for await (const _ of learner.generate([[1, 2, 3, 4]], { maxNewTokens: TOKENS })) {
    const now = performance.now();
    times.push(now - last);
    if (times.length % PART === 0) memory.push(process.memoryUsage.rss());
    last = now;
  }
  const parts = Array.from({ length: TOKENS / PART }, (_, part) => median(times.slice(part * PART, (part + 1) * PART)));
  results.push({ name: `Llama ${layers}x${width}`, milliseconds: parts, memory });
  const mebibytes = memory.map((bytes) => (bytes / 2 ** 20).toFixed(0));
  console.log(
    `Llama ${layers}x${width}: ${parts.map((time) => time.toFixed(2)).join(', ')} ms a token; ${mebibytes} MiB`,
  );
}
writeResults('generate', { date: new Date().toISOString(), case: 'batch 1, one thread', results });
