// Attune's side of the epoch benchmark: one epoch over Banking77, from the raw CSV, with the settings of bench/python/epoch.py.
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { Trainer } from '@attune/core';
import { csv, encodeClassification, LabelMap } from '@attune/data';
import { sequenceClassification } from '@attune/models';
import { full, lora } from '@attune/strategies';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    train: { type: 'string', default: '' },
    method: { type: 'string', default: 'full' },
    threads: { type: 'string', default: '2' },
    limit: { type: 'string' },
  },
});
const source = csv(values.train, { text: 'text', label: 'category' });
const labels = await source.labels();
const model = await sequenceClassification(values.model, { labels, maxLength: 64, seed: 0 });
const start = performance.now();
const { dataset } = await encodeClassification(
  csv(values.train, { text: 'text', label: 'category' }),
  model.tokenizer,
  new LabelMap(labels),
  { maxLength: 64 },
);
const encoded = performance.now();
const trainer = new Trainer({
  model,
  train: dataset,
  strategy: values.method === 'lora' ? lora({ r: 8, alpha: 16, dropout: 0.05 }) : full(),
  backend: onnx({ threads: Number(values.threads) }),
  learningRate: 5e-5,
  numTrainEpochs: 1,
  perDeviceTrainBatchSize: 32,
  weightDecay: 0,
  warmupRatio: 0,
  evalStrategy: 'no',
  seed: 0,
});
let loss = 0;
let steps = 0;
let compile = 0;
let programs = 0;
let firstStep: number | undefined;
const begin = performance.now();
for await (const event of trainer.train()) {
  if (event.type === 'compile') {
    compile += event.milliseconds;
    programs++;
  }
  if (event.type !== 'step') continue;
  firstStep ??= performance.now() - begin;
  loss += event.loss;
  steps++;
}
const end = performance.now();
process.stdout.write(
  `${JSON.stringify({
    event: 'epoch',
    method: values.method,
    rows: dataset.length,
    steps,
    trainLoss: loss / steps,
    totalSeconds: (encoded - start + (end - begin)) / 1000,
    tokenizeSeconds: (encoded - start) / 1000,
    trainSeconds: (end - begin) / 1000,
    compileSeconds: compile / 1000,
    programs,
    firstStepSeconds: (firstStep ?? 0) / 1000,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  })}\n`,
);
process.exit(0);
