// The recipe that Attune chooses beside a small grid around it: other rates, and for small data other lengths. A finished
// run is a line of bench/results/defaults.jsonl and is not repeated, so the whole (some days on one core) can be left and
// taken up again; `--only text` takes the runs whose name contains the text, `--worker 0/2` every second of them.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { onnx } from '../packages/backend-onnx/dist/index.js';
import { Trainer } from '../packages/core/dist/index.js';
import { conll, csv, jsonl, rows } from '../packages/data/dist/index.js';
import { sequenceClassification, tokenClassification } from '../packages/models/dist/index.js';
import { full, head, lora } from '../packages/strategies/dist/index.js';
import { defaultsResults, miniLm, readDefaults, root, shared } from './common.mjs';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, worker: { type: 'string', default: '0/1' } },
});
const [worker, workers] = values.worker.split('/').map(Number);
const data = (path) => join(shared, 'data', path);
const table = (train, test, columns, options) => [csv(train, columns, options), csv(test, columns, options)];
const sst2 = () => table(data('sst2/train.tsv'), data('sst2/test.tsv'), { text: '1', label: '2' }, { header: false });
const banking77 = () =>
  table(data('banking77/train.csv'), data('banking77/test.csv'), { text: 'text', label: 'category' });
const quickstart = (part) => join(root, 'examples/quickstart/data', `${part}.csv`);

/** So many examples of each class, others for every seed. */
async function few([train, test], perClass, seed) {
  const seen = new Map();
  const kept = (await train.shuffle({ seed }).toArray()).filter(({ label }) => {
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    return count <= perClass;
  });
  return [rows(kept), test];
}

/** `small` data are also trained on for half as long and for twice as long. */
const sets = {
  quickstart: {
    small: true,
    load: () => table(quickstart('train'), quickstart('test'), { text: 'text', label: 'intent' }),
  },
  'SST-2, 16 per class': { small: true, load: (seed) => few(sst2(), 16, seed) },
  'Banking77, 10 per class': { small: true, load: (seed) => few(banking77(), 10, seed) },
  medquad: {
    load: () =>
      ['train', 'test'].map((part) => jsonl(data(`medquad/${part}.jsonl`), { text: 'answer', label: 'type' })),
  },
  'unfair-tos': {
    metric: 'macroF1',
    load: () => table(data('unfair-tos/train.csv'), data('unfair-tos/test.csv'), { text: 'text', label: 'label' }),
  },
  TREC: {
    load: () =>
      table(data('bench-only/trec/train.csv'), data('bench-only/trec/test.csv'), { text: 'text', label: 'coarse' }),
  },
  WNUT17: {
    metric: 'f1',
    entities: true,
    load: () => [conll(data('wnut17/train.conll')), conll(data('wnut17/test.conll'))],
  },
  'SST-2': { load: sst2 },
  Banking77: { load: banking77 },
};
const models = { 'base-mini': join(root, 'packages/base-mini'), MiniLM: miniLm };
const strategies = { full, LoRA: () => lora(), head };

/** Factors on the rate and the length of the recipe. */
const recipes = [
  { rate: 1, length: 1 },
  { rate: 0.5, length: 1 },
  { rate: 2, length: 1 },
];
const lengths = [
  { rate: 1, length: 0.5 },
  { rate: 1, length: 2 },
];

/** All runs, small data and the small model first, one seed of everything before the next. */
const runs = [1, 2, 3]
  .flatMap((seed) => Object.keys(sets).map((set) => ({ seed, set })))
  .flatMap((run) => Object.keys(models).map((model) => ({ ...run, model })))
  .flatMap((run) => Object.keys(strategies).map((strategy) => ({ ...run, strategy })))
  .flatMap((run) => [...recipes, ...(sets[run.set].small ? lengths : [])].map((recipe) => ({ ...run, ...recipe })));
const cost = ({ set, model, strategy, seed }) =>
  (sets[set].small || strategy === 'head' ? 0 : 10) + (model === 'MiniLM' ? 5 : 0) + (sets[set].small ? 0 : seed);
runs.sort((a, b) => cost(a) - cost(b));

const nameOf = ({ set, model, strategy, seed, rate, length }) =>
  `${set} / ${model} / ${strategy} / rate x${rate}, length x${length} / seed ${seed}`;

/** Trains as `attune train` does with what is chosen, times the factors, and tests what is left at the end. */
async function measure({ set, model: modelName, strategy, seed, rate, length }) {
  const { load, entities, metric = 'accuracy' } = sets[set];
  const [train, test] = await load(seed);
  const open = entities ? tokenClassification : sequenceClassification;
  const model = await open(models[modelName], { labels: await train.labels(), maxLength: 128, seed });
  const options = { model, train, seed, strategy: strategies[strategy](), backend: onnx({ threads: 1 }) };
  const chosen = await withTrainer(options, chosenBy);
  const { learningRate, numTrainEpochs } = chosen;
  // What is not a factor stays open, as it would for a user.
  const own = {
    ...(rate === 1 ? {} : { learningRate: rate * learningRate }),
    ...(length === 1 ? {} : { numTrainEpochs: length * numTrainEpochs }),
  };
  return withTrainer({ ...options, ...own }, async (trainer) => {
    const before = process.cpuUsage();
    let steps = 0;
    for await (const event of trainer.train()) if (event.type === 'end') steps = event.step;
    const { user, system } = process.cpuUsage(before);
    const metrics = await trainer.evaluate(test);
    const seconds = Math.round((user + system) / 1e6);
    return { score: metrics[metric], metric, learningRate, numTrainEpochs, ...own, steps, seconds };
  });
}

/** The arguments that the Trainer chooses. */
async function chosenBy(trainer) {
  for await (const event of trainer.train()) if (event.type === 'recipe') return event.arguments;
  throw new Error('The run announced no recipe.');
}

async function withTrainer(options, use) {
  const outputDir = mkdtempSync(join(tmpdir(), 'attune-defaults-'));
  const trainer = new Trainer({ ...options, perDeviceEvalBatchSize: 64, outputDir });
  try {
    return await use(trainer);
  } finally {
    await trainer[Symbol.asyncDispose]();
    rmSync(outputDir, { recursive: true });
  }
}

for (const [place, run] of runs.entries()) {
  const name = nameOf(run);
  if (place % workers !== worker || !name.includes(values.only)) continue;
  if (readDefaults().some((done) => nameOf(done) === name)) continue;
  const result = await measure(run);
  appendFileSync(defaultsResults, `${JSON.stringify({ ...run, ...result })}\n`);
  console.log(`${name}: ${(100 * result.score).toFixed(1)} (${result.seconds} s)`);
}
