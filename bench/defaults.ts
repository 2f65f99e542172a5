// The recipe that Attune chooses beside a small grid around it: other rates, and for small data other lengths. A finished
// run is a line of bench/results/defaults.jsonl and is not repeated, so the whole (some days on one core) can be left and
// taken up again; `--only text` takes the runs whose name contains the text, `--worker 0/2` every second of them.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { type Strategy, Trainer, type TrainerOptions, type TrainingData } from '@attune/core';
import {
  conll,
  csv,
  jsonl,
  rows,
  type TaggedDataset,
  type TextColumns,
  type TextDataset,
  type TextFileOptions,
} from '@attune/data';
import { sequenceClassification, tokenClassification } from '@attune/models';
import { full, head, lora } from '@attune/strategies';
import { type DefaultsRun, defaultsResults, miniLm, readDefaults, root, shared } from './common.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    worker: { type: 'string', default: '0/1' },
    backend: { type: 'string' },
  },
});
const [worker = 0, workers = 1] = values.worker.split('/').map(Number);
const data = (path: string) => join(shared, 'data', path);
const quickstart = (part: string) => join(root, 'examples/quickstart/data', `${part}.csv`);

/** Data to train and to test on. */
type Pair<Dataset> = readonly [train: Dataset, test: Dataset];

const table = (train: string, test: string, columns: TextColumns, options?: TextFileOptions): Pair<TextDataset> => [
  csv(train, columns, options),
  csv(test, columns, options),
];
const sst2 = () => table(data('sst2/train.tsv'), data('sst2/test.tsv'), { text: '1', label: '2' }, { header: false });
const banking77 = () =>
  table(data('banking77/train.csv'), data('banking77/test.csv'), { text: 'text', label: 'category' });
const medquad = (part: string) => jsonl(data(`medquad/${part}.jsonl`), { text: 'answer', label: 'type' });

/** So many examples of each class, others for every seed. */
async function few([train, test]: Pair<TextDataset>, perClass: number, seed: number): Promise<Pair<TextDataset>> {
  const seen = new Map<unknown, number>();
  const kept = (await train.shuffle({ seed }).toArray()).filter(({ label }) => {
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    return count <= perClass;
  });
  return [rows(kept), test];
}

interface DataSet {
  /** Such data are also trained on for half as long and for twice as long. */
  readonly small?: boolean;
  /** Accuracy by default. */
  readonly metric?: string;
  /** The model of a directory for the data, and the data. */
  open(
    directory: string,
    seed: number,
  ): Promise<Pick<TrainerOptions, 'model' | 'train'> & { readonly test: TrainingData }>;
}

const ofTexts = (load: (seed: number) => Pair<TextDataset> | Promise<Pair<TextDataset>>): DataSet => ({
  open: async (directory, seed) => {
    const [train, test] = await load(seed);
    const model = await sequenceClassification(directory, { labels: await train.labels(), maxLength: 128, seed });
    return { model, train, test };
  },
});
const ofEntities = (train: TaggedDataset, test: TaggedDataset): DataSet => ({
  open: async (directory, seed) => {
    const model = await tokenClassification(directory, { labels: await train.labels(), maxLength: 128, seed });
    return { model, train, test };
  },
});

const sets: Readonly<Record<string, DataSet>> = {
  quickstart: {
    ...ofTexts(() => table(quickstart('train'), quickstart('test'), { text: 'text', label: 'intent' })),
    small: true,
  },
  'SST-2, 16 per class': { ...ofTexts((seed) => few(sst2(), 16, seed)), small: true },
  'Banking77, 10 per class': { ...ofTexts((seed) => few(banking77(), 10, seed)), small: true },
  medquad: ofTexts(() => [medquad('train'), medquad('test')]),
  'unfair-tos': {
    ...ofTexts(() =>
      table(data('unfair-tos/train.csv'), data('unfair-tos/test.csv'), { text: 'text', label: 'label' }),
    ),
    metric: 'macroF1',
  },
  TREC: ofTexts(() =>
    table(data('bench-only/trec/train.csv'), data('bench-only/trec/test.csv'), { text: 'text', label: 'coarse' }),
  ),
  WNUT17: { ...ofEntities(conll(data('wnut17/train.conll')), conll(data('wnut17/test.conll'))), metric: 'f1' },
  'SST-2': ofTexts(sst2),
  Banking77: ofTexts(banking77),
};
const models: Readonly<Record<string, string>> = { 'base-mini': join(root, 'packages/base-mini'), MiniLM: miniLm };
const strategies: Readonly<Record<string, () => Strategy>> = { full, LoRA: () => lora(), head };

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

/** All runs, one seed of everything before the next, and within it what takes little time first. */
const runs: DefaultsRun[] = [1, 2, 3]
  .flatMap((seed) => Object.keys(sets).map((set) => ({ seed, set })))
  .flatMap((run) => Object.keys(models).map((model) => ({ ...run, model })))
  .flatMap((run) => Object.keys(strategies).map((strategy) => ({ ...run, strategy })))
  .flatMap((run) => [...recipes, ...(sets[run.set]?.small ? lengths : [])].map((recipe) => ({ ...run, ...recipe })));
const cost = ({ set, model, strategy, seed }: DefaultsRun) =>
  100 * seed + (model === 'MiniLM' ? 10 : 0) + (sets[set]?.small || strategy === 'head' ? 0 : 5);
runs.sort((a, b) => cost(a) - cost(b));

const nameOf = ({ set, model, strategy, seed, rate, length }: DefaultsRun) =>
  `${set} / ${model} / ${strategy} / rate x${rate}, length x${length} / seed ${seed}`;

function of<Value>(known: Readonly<Record<string, Value>>, name: string): Value {
  const value = known[name];
  if (value === undefined) throw new Error(`"${name}" is none of ${Object.keys(known).join(', ')}.`);
  return value;
}

/** Trains as `attune train` does with what is chosen, times the factors, and tests what is left at the end. */
async function measure({ set, model: modelName, strategy, seed, rate, length }: DefaultsRun) {
  const { open, metric = 'accuracy' } = of(sets, set);
  const { test, ...given } = await open(of(models, modelName), seed);
  const options = { ...given, seed, strategy: of(strategies, strategy)(), backend: onnx({ threads: 1 }) };
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
    return { score: of(metrics, metric), metric, learningRate, numTrainEpochs, ...own, steps, seconds };
  });
}

/** The arguments that the Trainer chooses. */
async function chosenBy(trainer: Trainer) {
  for await (const event of trainer.train()) if (event.type === 'recipe') return event.arguments;
  throw new Error('The run announced no recipe.');
}

async function withTrainer<Result>(
  options: TrainerOptions,
  use: (trainer: Trainer) => Promise<Result>,
): Promise<Result> {
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
