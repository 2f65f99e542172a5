// Attune's side of the step benchmark: the protocol of bench/python/step.py.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { onnx } from '../packages/backend-onnx/dist/index.js';
import { tfjs } from '../packages/backend-tfjs/dist/index.js';
import { Learner, sequenceClassification } from '../packages/core/dist/index.js';
import { openSafetensors } from '../packages/hub/dist/index.js';
import { nodeStorage } from '../packages/hub/dist/node.js';
import { hostTensor } from '../packages/ir/dist/index.js';
import { loadModel } from '../packages/models/dist/index.js';
import { full, loadAdapter } from '../packages/strategies/dist/index.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    batch: { type: 'string' },
    method: { type: 'string' },
    adapter: { type: 'string' },
    backend: { type: 'string', default: 'onnx' },
  },
});
const loaded = await loadModel(nodeStorage(values.model), {
  task: 'sequence-classification',
  dropout: { hidden: 0, attention: 0, classifier: 0 },
});
const adapter = values.adapter ? await loadAdapter(nodeStorage(values.adapter), loaded.model) : undefined;
const weights = new Map([...loaded.weights, ...(adapter?.weights ?? [])]);
const backends = { onnx: () => onnx({ threads: 2 }), tfjs: () => tfjs({ flavour: 'node', threads: 2 }) };
const learner = await Learner.open({
  model: { model: loaded.model, weights, objective: sequenceClassification({ classes: loaded.labels.length }) },
  strategy: adapter?.strategy ?? full(),
  backend: backends[values.backend](),
  learningRate: 1e-4,
  weightDecay: 0.01,
  // PyTorch's side has one parameter group: weight decay on every parameter.
  decays: () => true,
  maxGradNorm: 0,
});

const slash = values.batch.lastIndexOf('/');
const source = await openSafetensors(nodeStorage(values.batch.slice(0, slash)), values.batch.slice(slash + 1));
const [ids, mask, labels] = await Promise.all(
  ['input_ids', 'attention_mask', 'labels'].map((name) => source.read(name)),
);
const [count, rows, tokens] = ids.type.shape;
const batches = Array.from({ length: count }, (_, index) => {
  const part = (tensor) =>
    hostTensor([rows, tokens], tensor.data.slice(index * rows * tokens, (index + 1) * rows * tokens), 'i32');
  return {
    tensors: {
      inputIds: part(ids),
      attentionMask: part(mask),
      tokenTypeIds: hostTensor([rows, tokens], new Int32Array(rows * tokens), 'i32'),
      labels: hostTensor([rows], labels.data.slice(index * rows, (index + 1) * rows), 'i32'),
    },
  };
});

const print = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);
const peak = () => process.resourceUsage().maxRSS * 1024;
print({ event: 'ready', peakRssBytes: peak() });
let step = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.trim().split(' ');
  if (command === 'quit') {
    print({ event: 'quit', steps: step, peakRssBytes: peak() });
    break;
  }
  const times = [];
  const losses = [];
  for (let index = 0; index < Number(argument); index++) {
    const start = performance.now();
    const { loss } = await learner.step([batches[step % batches.length]]);
    times.push((performance.now() - start) / 1000);
    losses.push(loss);
    step++;
  }
  print({ event: 'run', times, losses, peakRssBytes: peak() });
}
process.exit(0);
