// What a model forgets of one task while it learns another, by every method against it with its strength swept: base-mini learns
// sentiments (SST-2), and from there topics (SIB-200). A finished run is a line of bench/results/forgetting.jsonl and is not
// repeated, so the whole can be left and taken up again; `--only TEXT` takes the runs whose name contains the text.
import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { consolidation, openEarlierTask, replaying, type WithReplay, withoutForgetting } from '@attune/compare';
import { type Strategy, Trainer } from '@attune/core';
import { csv, rows, type TextExample } from '@attune/data';
import { nodeStorage } from '@attune/hub/node';
import { type SequenceClassifier, sequenceClassification } from '@attune/models';
import { full, head, l2Sp, lora } from '@attune/strategies';
import { root, shared } from './common.mjs';
import { type ForgettingRun, forgettingResults, readForgetting } from './forgetting-results.mjs';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, worker: { type: 'string' }, backend: { type: 'string' } },
});
const backend = onnx({ threads: 1 });
const SEEDS = [1, 2, 3];
/** Tokens kept of each text. */
const LENGTH = 32;

/** Sentiments to learn first, and others to measure. */
const part = async (name: string, count: number, seed = 0): Promise<readonly TextExample[]> => {
  const file = csv(join(shared, 'data', 'sst2', `${name}.tsv`), { text: '1', label: '2' }, { header: false });
  return (await file.shuffle({ seed }).toArray()).slice(0, count);
};
const sentiments = rows(await part('train', 1000), { name: 'SST-2' });
const otherSentiments = rows(await part('test', 400), { name: 'SST-2, test' });

const topicRows = await csv(join(shared, 'data', 'sib200', 'sib200.csv'), {
  text: 'en',
  textPair: 'split',
  label: 'topic',
}).toArray();
const topicsOf = (split: string, count = Number.POSITIVE_INFINITY) =>
  rows(
    topicRows
      .flatMap(({ text, textPair, label = '' }) => (textPair === split ? [{ text, label }] : []))
      .slice(0, count),
    { name: `SIB-200, ${split}` },
  );
const [topics, otherTopics] = [topicsOf('train', 350), topicsOf('test')];

interface Way {
  readonly strategy: Strategy | readonly Strategy[];
  readonly against?: Partial<WithReplay>;
}

const earlierTask = (start: string, general: typeof sentiments) =>
  openEarlierTask({ directory: nodeStorage(start), general, isLabelled: true, backend, maxLength: LENGTH }).then(
    (task) => {
      if (typeof task === 'string') throw new Error(task);
      return task;
    },
  );

/** How each method trains at a strength. */
const methods: Readonly<
  Record<string, (model: SequenceClassifier, start: string, strength: number) => Promise<Way> | Way>
> = {
  full: () => ({ strategy: full() }),
  head: () => ({ strategy: head() }),
  lora: () => ({ strategy: lora() }),
  'l2-sp': (_, __, alpha) => ({ strategy: [full(), l2Sp({ alpha })] }),
  async ewc(model, start, strength) {
    return { strategy: [full(), await consolidation(await earlierTask(start, sentiments), model, { strength })] };
  },
  async lwf(model, start, alpha) {
    return { strategy: full(), against: { objective: await withoutForgetting(model, nodeStorage(start), { alpha }) } };
  },
  async replay(model, start, share) {
    const replayed = { general: sentiments, isLabelled: true, maxLength: LENGTH };
    return { strategy: full(), against: await replaying(model, nodeStorage(start), replayed, { share }) };
  },
};

/** The most telling first. */
const strengths: Readonly<Record<string, readonly number[]>> = {
  full: [0],
  lwf: [3, 10, 1],
  replay: [0.25, 0.5, 0.1],
  ewc: [10, 100, 1],
  'l2-sp': [1, 10, 0.1],
  lora: [0],
  head: [0],
};

/** Trains with one recipe for all; what the Trainer would choose by the strategy is none. */
const recipe = {
  perDeviceTrainBatchSize: 16,
  learningRate: 2e-4,
  holdOutShare: 0,
  evalStrategy: 'no',
  loadBestModelAtEnd: false,
  classWeights: 'none',
} as const;

async function trained(options: ConstructorParameters<typeof Trainer>[0]): Promise<Trainer> {
  const trainer = new Trainer(options);
  for await (const event of trainer.train()) if (event.type === 'end' && event.reason !== 'completed') break;
  return trainer;
}

/** A model of sentiments. @returns its directory */
async function learnSentiments(seed: number): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'attune-forgetting-'));
  const model = await sequenceClassification(join(root, 'packages/base-mini'), {
    labels: await sentiments.labels(),
    maxLength: LENGTH,
    seed,
  });
  await using trainer = await trained({
    ...{ model, train: sentiments, strategy: full(), backend, seed, ...recipe },
    numTrainEpochs: 2,
  });
  await trainer.save(directory);
  return directory;
}

const starts = new Map<number, Promise<string>>();

async function measure({ method, strength, seed }: ForgettingRun) {
  const found = starts.get(seed) ?? learnSentiments(seed);
  starts.set(seed, found);
  const start = await found;
  const model = await sequenceClassification(start, { labels: await topics.labels(), maxLength: LENGTH, seed });
  const { strategy, against = {} } = await methods[method]!(model, start, strength);
  const { dataset } = await model.encode(topics);
  const own = ['head', 'lora'].includes(method) ? { learningRate: 1e-3 } : {};
  const before = await earlierTask(start, otherSentiments);
  await using trainer = await trained({
    ...{ model, strategy, backend, seed, ...recipe, ...own },
    ...(against.objective ? { objective: against.objective } : {}),
    train: against.data?.(dataset) ?? dataset,
    numTrainEpochs: 6,
    // Penalties toward the start take its place.
    weightDecay: method === 'l2-sp' || method === 'ewc' ? 0 : 0.01,
  });
  const { accuracy } = await trainer.evaluate(otherTopics);
  const weights = await trainer.weights();
  const merged = trainer.adapted.adaptation.merge?.(weights) ?? weights;
  return { accuracy: accuracy!, before: await before.scoreWith(), after: await before.scoreWith(merged) };
}

const nameOf = ({ method, strength, seed }: ForgettingRun) => `${method} ${strength}, seed ${seed}`;
/** Every method once, with all seeds, before further strengths. */
const runs = [0, 1, 2].flatMap((turn) =>
  SEEDS.flatMap((seed) =>
    Object.entries(strengths).flatMap(([method, all]) =>
      all.slice(turn, turn + 1).map((strength): ForgettingRun => ({ method, strength, seed })),
    ),
  ),
);
for (const run of runs) {
  const name = nameOf(run);
  if (!name.includes(values.only) || readForgetting().some((each) => nameOf(each) === name)) continue;
  const result = await measure(run);
  appendFileSync(forgettingResults, `${JSON.stringify({ ...run, ...result })}\n`);
  const [accuracy, before, after] = [result.accuracy, result.before, result.after].map((each) =>
    (100 * each).toFixed(1),
  );
  console.log(`${name}: topics ${accuracy}, sentiments ${before} before and ${after} after`);
}
