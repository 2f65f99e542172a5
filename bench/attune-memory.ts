// What a step of fine-tuning takes of memory: loads a model, does steps over full rows, and prints the resident memory of the
// process after each part of the way, as a line of JSON.
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { causalLanguageModeling, Learner } from '@attune/core';
import { openModelDirectory } from '@attune/hub/directory';
import { hostTensor } from '@attune/ir';
import { loadModel, type Quantization } from '@attune/models';
import { lora } from '@attune/strategies';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    quantize: { type: 'string' },
    rows: { type: 'string', default: '4' },
    tokens: { type: 'string', default: '256' },
    steps: { type: 'string', default: '3' },
    checkpointing: { type: 'boolean', default: false },
  },
});

const parts: Record<string, { readonly rss: number; readonly peak: number }> = {};
function measure(part: string): void {
  globalThis.gc?.();
  parts[part] = { rss: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 };
  if (process.env.VERBOSE) console.error(part, Math.round(parts[part].rss / 2 ** 20), Math.round(parts[part].peak / 2 ** 20), JSON.stringify(process.memoryUsage()));
}

measure('start');
const { model, weights } = await loadModel(openModelDirectory(values.model), {
  task: 'causal-language-modeling',
  ...(values.quantize ? { quantize: values.quantize as Quantization } : {}),
});
measure('loaded');
const vocabulary = Number(model.config.vocab_size);
await using learner = await Learner.open({
  model: { model, weights, objective: causalLanguageModeling({ classes: vocabulary }) },
  strategy: lora({ r: 8, targetModules: ['q_proj', 'v_proj'] }),
  backend: onnx({ threads: 2 }),
  learningRate: 1e-4,
  gradientCheckpointing: values.checkpointing,
});
measure('opened');
const shape = [Number(values.rows), Number(values.tokens)];
const count = shape[0]! * shape[1]!;
const ids = (seed: number) => hostTensor(shape, Int32Array.from({ length: count }, (_, at) => (at * 7919 + seed) % vocabulary), 'i32');
const losses: number[] = [];
const times: number[] = [];
for (let step = 0; step < Number(values.steps); step++) {
  const inputIds = ids(step);
  const attentionMask = hostTensor(shape, new Int32Array(count).fill(1), 'i32');
  const start = performance.now();
  losses.push((await learner.step([{ tensors: { inputIds, attentionMask, labels: inputIds } }])).loss);
  times.push((performance.now() - start) / 1000);
  measure(`step ${step + 1}`);
}
console.log(JSON.stringify({ parts, losses, times }));
process.exit(0);
