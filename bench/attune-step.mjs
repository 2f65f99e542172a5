// Attune's side of the step benchmark: the protocol of bench/python/step.py.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { onnx } from '../packages/backend-onnx/dist/index.js';
import { tfjs } from '../packages/backend-tfjs/dist/index.js';
import {
  adamw,
  adaptModel,
  Compiler,
  constantSchedule,
  DeviceTensors,
  sequenceClassification,
  TrainingPrograms,
} from '../packages/core/dist/index.js';
import { openSafetensors } from '../packages/hub/dist/index.js';
import { nodeStorage } from '../packages/hub/dist/node.js';
import { hostTensor } from '../packages/ir/dist/index.js';
import { loadModel } from '../packages/models/dist/index.js';
import { full, loadLora } from '../packages/strategies/dist/index.js';

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
const adapter = values.adapter ? await loadLora(nodeStorage(values.adapter), loaded.model) : undefined;
const weights = new Map([...loaded.weights, ...(adapter?.weights ?? [])]);
const adapted = adaptModel(loaded.model, weights, [adapter?.strategy ?? full()], 0);
const backends = { onnx: () => onnx({ threads: 2 }), tfjs: () => tfjs({ flavour: 'node', threads: 2 }) };
const device = await backends[values.backend]().open();
const tensors = new DeviceTensors(device);
const programs = new TrainingPrograms(
  adapted,
  sequenceClassification({ classes: loaded.labels.length }),
  { seed: 0, numTrainEpochs: 1, weightDecay: 0.01, maxGradNorm: 0 },
  1000,
  { optimizer: adamw(), schedule: constantSchedule({ learningRate: 1e-4 }) },
  new Compiler(device),
  tensors,
);
// PyTorch's side has one parameter group: weight decay on every parameter.
for (const [index, update] of programs.options.updates.entries())
  programs.options.updates[index] = { ...update, weightDecay: 0.01 };
for (const [name, tensor] of adapted.weights) tensors.set(name, tensor);
for (const { name, type, initial } of programs.state) {
  tensors.set(name, hostTensor(type.shape, new Float32Array(type.shape.reduce((a, b) => a * b, 1)).fill(initial)));
}

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
    rows: [],
    indices: [],
    tokens: rows * tokens,
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
    const { loss } = await programs.run([batches[step % batches.length]], step);
    times.push((performance.now() - start) / 1000);
    losses.push(loss);
    step++;
  }
  print({ event: 'run', times, losses, peakRssBytes: peak() });
}
process.exit(0);
