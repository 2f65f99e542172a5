// Attune's side of the step benchmark: the protocol of bench/python/step.py.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { tfjs } from '@attune/backend-tfjs';
import { Learner, sequenceClassificationObjective } from '@attune/core';
import { openSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type HostTensor, hostTensor } from '@attune/ir';
import { loadModel } from '@attune/models';
import { full, loadAdapter } from '@attune/strategies';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    batch: { type: 'string', default: '' },
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
const learner = await Learner.open({
  model: {
    model: loaded.model,
    weights,
    objective: sequenceClassificationObjective({ classes: loaded.labels.length }),
  },
  strategy: adapter?.strategy ?? full(),
  backend: values.backend === 'tfjs' ? tfjs({ flavour: 'node', threads: 2 }) : onnx({ threads: 2 }),
  learningRate: 1e-4,
  weightDecay: 0.01,
  // PyTorch's side has one parameter group: weight decay on every parameter.
  decays: () => true,
  maxGradNorm: 0,
});

const slash = values.batch.lastIndexOf('/');
const source = await openSafetensors(nodeStorage(values.batch.slice(0, slash)), values.batch.slice(slash + 1));
const [ids, mask, labels] = await Promise.all([
  source.read('input_ids'),
  source.read('attention_mask'),
  source.read('labels'),
]);
const [count = 0, rows = 0, tokens = 0] = ids.type.shape;
const batches = Array.from({ length: count }, (_, index) => {
  const part = ({ data }: HostTensor, ...shape: number[]) => {
    const size = shape.reduce((product, each) => product * each, 1);
    return hostTensor(shape, Int32Array.from(data.subarray(index * size, (index + 1) * size), Number), 'i32');
  };
  return {
    tensors: {
      inputIds: part(ids, rows, tokens),
      attentionMask: part(mask, rows, tokens),
      tokenTypeIds: hostTensor([rows, tokens], new Int32Array(rows * tokens), 'i32'),
      labels: part(labels, rows),
    },
  };
});

const print = (object: object) => process.stdout.write(`${JSON.stringify(object)}\n`);
const peak = () => process.resourceUsage().maxRSS * 1024;
print({ event: 'ready', peakRssBytes: peak() });
let step = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.trim().split(' ');
  if (command === 'quit') {
    print({ event: 'quit', steps: step, peakRssBytes: peak() });
    break;
  }
  const times: number[] = [];
  const losses: number[] = [];
  for (let index = 0; index < Number(argument); index++) {
    const start = performance.now();
    const { loss } = await learner.step(batches.slice(step % count, (step % count) + 1));
    times.push((performance.now() - start) / 1000);
    losses.push(loss);
    step++;
  }
  print({ event: 'run', times, losses, peakRssBytes: peak() });
}
process.exit(0);
