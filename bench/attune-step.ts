// Attune's side of the step benchmark: the protocol of bench/python/step.py.
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { tfjs } from '@attune/backend-tfjs';
import { Learner, sequenceClassificationObjective } from '@attune/core';
import { nodeStorage } from '@attune/hub/node';
import { hostTensor } from '@attune/ir';
import { loadModel } from '@attune/models';
import { full, loadAdapter } from '@attune/strategies';
import { readCases, serveSteps } from './serve-steps.js';

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

const { count, rows, tokens, cut } = await readCases(values.batch);
const batches = Array.from({ length: count }, (_, index) => {
  const part = cut(index);
  return {
    tensors: {
      inputIds: part('input_ids', rows, tokens),
      attentionMask: part('attention_mask', rows, tokens),
      tokenTypeIds: hostTensor([rows, tokens], new Int32Array(rows * tokens), 'i32'),
      labels: part('labels', rows),
    },
  };
});
await serveSteps(learner, batches);
process.exit(0);
