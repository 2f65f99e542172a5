// Accuracy of `attune train` beside the same recipe in PyTorch. Both sides start from the same weights (encoder, new head,
// LoRA matrices), see the same batches in the same order, and have dropout 0, so that what is left between them is
// arithmetic. A finished run is kept in bench/results/quality.json and not repeated.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnx } from '../packages/backend-onnx/dist/index.js';
import { Trainer } from '../packages/core/dist/index.js';
import { csv, encodeClassification, LabelMap } from '../packages/data/dist/index.js';
import { nodeStorage } from '../packages/hub/dist/node.js';
import { sequenceClassification } from '../packages/models/dist/index.js';
import { full, lora } from '../packages/strategies/dist/index.js';
import { lastLine, miniLm, python, readResults, root, scripts, writeResults } from './common.mjs';

const threads = process.env.ATTUNE_THREADS ?? '1';
const [batchSize, maxLength, seed] = [32, 64, 0];

/** Short, at high rates: what counts is that both sides end at the same place. */
const recipes = [
  { name: 'SST-2, full', data: 'sst2', method: 'full', epochs: 1, learningRate: 5e-5 },
  { name: 'SST-2, LoRA', data: 'sst2', method: 'lora', epochs: 1, learningRate: 2e-3 },
  { name: 'Banking77, 10 per class, full', data: 'banking77-10', method: 'full', epochs: 10, learningRate: 4e-4 },
  { name: 'Banking77, 10 per class, LoRA', data: 'banking77-10', method: 'lora', epochs: 10, learningRate: 6e-3 },
  { name: 'Banking77, full', data: 'banking77', method: 'full', epochs: 1, learningRate: 5e-4 },
  { name: 'Banking77, LoRA', data: 'banking77', method: 'lora', epochs: 1, learningRate: 6e-3 },
];

/** What both sides start from, and the batches of every step. */
async function prepare({ method, epochs, learningRate }, train, directory) {
  const source = csv(train, { text: 'text', label: 'label' });
  const labels = await source.labels();
  const dropout = { hidden: 0, attention: 0, classifier: 0 };
  const model = await sequenceClassification(miniLm, { labels, maxLength, seed, dropout });
  const { dataset } = await encodeClassification(source, model.tokenizer, new LabelMap(labels), { maxLength });
  await model.save(nodeStorage(join(directory, 'model')), model.weights);
  const strategy = method === 'lora' ? lora({ r: 8, alpha: 16, dropout: 0 }) : full();
  const trainer = new Trainer({
    model,
    train: dataset,
    strategy,
    backend: onnx(),
    learningRate,
    numTrainEpochs: epochs,
    perDeviceTrainBatchSize: batchSize,
    warmupRatio: 0,
    weightDecay: 0,
    evalStrategy: 'no',
    seed,
  });
  if (method === 'lora') await trainer.save(nodeStorage(join(directory, 'adapter')));
  const batches = Array.from({ length: epochs }, (_, epoch) =>
    dataset.batches({ batchSize, shuffle: { seed, epoch } }).map((make) => make().indices),
  ).flat();
  writeFileSync(join(directory, 'plan.json'), JSON.stringify({ labels, batches }));
}

async function attune({ method, epochs, learningRate }, { train, test }, directory) {
  const cli = `${root}packages/cli/dist/cli.js`;
  const output = join(directory, 'run');
  const columns = ['--text-column', 'text', '--label-column', 'label', '--json', '--threads', threads];
  const options = {
    strategy: method,
    epochs,
    'learning-rate': learningRate,
    'batch-size': batchSize,
    'warmup-ratio': 0,
    'weight-decay': 0,
    'hold-out-share': 0,
    seed,
    dropout: 0,
  };
  const adapter = method === 'lora' ? { 'lora-r': 8, 'lora-alpha': 16, 'lora-dropout': 0 } : {};
  const flags = Object.entries({ ...options, ...adapter, 'max-length': maxLength, output }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const start = performance.now();
  await lastLine('node', [cli, 'train', '--model', miniLm, '--train', train, ...columns, ...flags]);
  const seconds = (performance.now() - start) / 1000;
  const { accuracy, macroF1 } = await lastLine(
    'node',
    [cli, 'evaluate', '--model', output, '--data', test, ...columns],
    root,
  );
  return { accuracy, macroF1, seconds };
}

async function pytorch({ data, method, epochs, learningRate }, directory) {
  const options = {
    data,
    method,
    epochs,
    'learning-rate': learningRate,
    threads,
    model: join(directory, 'model'),
    plan: join(directory, 'plan.json'),
  };
  if (method === 'lora') options.adapter = join(directory, 'adapter');
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const start = performance.now();
  const { accuracy, macroF1, epochLosses } = await lastLine(python, ['quality.py', ...flags], scripts);
  return { accuracy, macroF1, epochLosses, seconds: (performance.now() - start) / 1000 };
}

for (const recipe of recipes) {
  const done = readResults('quality') ?? [];
  if (done.some(({ name }) => name === recipe.name)) continue;
  const directory = mkdtempSync(join(tmpdir(), 'attune-quality-'));
  const files = await lastLine(python, ['data_files.py', '--data', recipe.data, '--output', directory], scripts);
  await prepare(recipe, files.train, directory);
  const [ours, theirs] = await Promise.all([attune(recipe, files, directory), pytorch(recipe, directory)]);
  writeResults('quality', [...done, { ...recipe, attune: ours, pytorch: theirs }]);
  const points = (value) => (100 * value).toFixed(2);
  console.log(
    `${recipe.name}: attune ${points(ours.accuracy)}, PyTorch ${points(theirs.accuracy)}, difference ${points(ours.accuracy - theirs.accuracy)} points`,
  );
}
