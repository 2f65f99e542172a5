// ULMFiT's claims (Howard and Ruder 2018) at this machine's scale: a small AWD-LSTM learns the language of the shared corpus,
// then that of a task's texts, then the task from 100 or 500 labels; beside it the same network from random weights, and
// the recipe with one ingredient left out at a time. A finished run is a line of bench/results/ulmfit.jsonl and is not
// repeated, so the whole (two hours on one core) can be left and taken up again; `--only TEXT` takes the runs whose name
// contains the text.
import { appendFileSync, createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { onnx } from '@attune/backend-onnx';
import { pretrain } from '@attune/compare';
import { type Strategy, Trainer, type TrainingArgumentsInput } from '@attune/core';
import { csv, rows, type TextExample } from '@attune/data';
import { MemoryStorage, saveBertTokenizer, wordVocabulary } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { createModel, sequenceClassification } from '@attune/models';
import { discriminativeRates, full, gradualUnfreezing } from '@attune/strategies';
import { root, shared } from './common.mjs';
import { readUlmfit, type UlmfitRun, ulmfitResults } from './ulmfit-results.mjs';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, worker: { type: 'string' }, backend: { type: 'string' } },
});
const backend = onnx({ threads: 1 });
/** The language models, which later runs start from. */
const directory = join(root, 'bench', 'dist', 'ulmfit');
const SEEDS = [1, 2, 3];
const SHOTS = [500, 100];
/** Words of the vocabulary, beside BERT's special tokens. */
const WORDS = 15_000;
/** Tokens of a row of the language model, fastai's. */
const WINDOW = 72;

const data = (path: string) => join(shared, 'data', path);
const sst2 = (part: string) => csv(data(`sst2/${part}.tsv`), { text: '1', label: '2' }, { header: false });
const trec = (part: string) => csv(data(`bench-only/trec/${part}.csv`), { text: 'text', label: 'coarse' });
const tasks = {
  'SST-2': { train: sst2('train'), test: sst2('test') },
  'TREC-6': { train: trec('train'), test: trec('test') },
} as const;
type TaskName = keyof typeof tasks;
const isTask = (name: string): name is TaskName => name in tasks;

async function readPassages(): Promise<readonly string[]> {
  const passages: string[] = [];
  const file = createReadStream(data('corpus/passages.txt.gz')).pipe(createGunzip());
  for await (const line of createInterface({ input: file })) passages.push(line);
  return passages;
}

const textsOf = (examples: readonly TextExample[]) => examples.map(({ text }) => text);

/** A network with random weights, whose words are those of the corpus and the tasks. @returns its directory */
async function newModel(): Promise<string> {
  const target = join(directory, 'new');
  if (existsSync(join(target, 'model.safetensors'))) return target;
  const ofTasks = await Promise.all(Object.values(tasks).map(async ({ train }) => textsOf(await train.toArray())));
  const vocabulary = await wordVocabulary([...(await readPassages()), ...ofTasks.flat()], { size: WORDS });
  const tokenizer = new MemoryStorage('words');
  await saveBertTokenizer(tokenizer, vocabulary);
  const sizes = { vocab_size: vocabulary.length, emb_sz: 160, n_hid: 320, n_layers: 3, pad_token: 0, dropout: 0.5 };
  const config = { model_type: 'awd_lstm', ...sizes };
  const model = await createModel(config, { task: 'causal-language-modeling', tokenizer, seed: 1 });
  await model.save(nodeStorage(target));
  return target;
}

/** The paper's, but for the rate's peak, which it takes from 0.01. */
const slanted = {
  lrSchedulerType: 'slanted_triangular',
  adamBeta1: 0.7,
  adamBeta2: 0.99,
  weightDecay: 0.01,
} as const satisfies TrainingArgumentsInput;

const rates = discriminativeRates({ decay: 1 / 2.6 });

/** A language model that goes on with texts; from random weights all layers learn alike. @returns its directory */
async function languageModel(
  name: string,
  start: string,
  texts: readonly string[],
  training: TrainingArgumentsInput,
): Promise<string> {
  const target = join(directory, name);
  if (existsSync(join(target, 'model.safetensors'))) return target;
  const model = nodeStorage(start);
  await pretrain({
    ...{ model, texts: rows(texts.map((text) => ({ text }))), backend, maxLength: WINDOW, output: nodeStorage(target) },
    strategy: start.endsWith('new') ? full() : [full(), rates],
    training: { ...slanted, seed: 1, maxGradNorm: 1, saveSteps: 200, ...training },
    train: { resume: existsSync(target) },
    onEvent: (event) => {
      if (event.type === 'step' && event.step % 100 === 0) console.log(`${name}: step ${event.step}, ${event.loss}`);
    },
  });
  return target;
}

/** Of the corpus. */
const general = async () =>
  languageModel('general', await newModel(), await readPassages(), {
    ...{ learningRate: 5e-3, numTrainEpochs: 2, perDeviceTrainBatchSize: 32 },
  });

/** Of a task's texts, all of them: their labels are not needed. */
const ofTask = async (task: TaskName, start: string, name: string) =>
  languageModel(`${name}-${task}`, start, textsOf(await tasks[task].train.toArray()), {
    ...{ learningRate: 4e-3, numTrainEpochs: 10, perDeviceTrainBatchSize: 16 },
  });

interface Method {
  start(task: TaskName): Promise<string>;
  readonly strategy?: readonly Strategy[];
  readonly training?: TrainingArgumentsInput;
}

const tuned = async (task: TaskName) => ofTask(task, await general(), 'tuned');
const whole = { start: tuned, strategy: [gradualUnfreezing(), rates] };
const methods: Readonly<Record<string, Method>> = {
  ULMFiT: whole,
  'from random weights': { start: newModel, strategy: [full()], training: { learningRate: 3e-3 } },
  'without pre-training': { ...whole, start: async (task) => ofTask(task, await newModel(), 'only') },
  "without the task's texts": { ...whole, start: general },
  'without discriminative rates': { ...whole, strategy: [gradualUnfreezing()] },
  'without gradual unfreezing': { ...whole, strategy: [full(), rates] },
  'without slanted triangular rates': { ...whole, training: { lrSchedulerType: 'constant' } },
};

async function measure({ task, method, shots, seed }: UlmfitRun) {
  if (!isTask(task)) throw new Error(`"${task}" is none of ${Object.keys(tasks).join(', ')}.`);
  const { train, test } = tasks[task];
  const { start, strategy = [], training } = methods[method]!;
  const labels = await train.labels();
  const examples = (await train.shuffle({ seed }).toArray()).slice(0, shots);
  const model = await sequenceClassification(await start(task), { labels, maxLength: 64, seed });
  const outputDir = mkdtempSync(join(tmpdir(), 'attune-ulmfit-'));
  await using trainer = new Trainer({
    ...{ model, train: rows(examples), strategy, backend, seed, outputDir },
    ...{ ...slanted, learningRate: 1e-2, perDeviceTrainBatchSize: 16, perDeviceEvalBatchSize: 64 },
    ...{ numTrainEpochs: shots === 100 ? 30 : 15, holdOutShare: 0, evalStrategy: 'no', saveStrategy: 'no' },
    ...{ loadBestModelAtEnd: false, classWeights: 'none' },
    ...training,
  });
  for await (const event of trainer.train()) if (event.type === 'end' && event.reason !== 'completed') break;
  const { accuracy } = await trainer.evaluate(test);
  rmSync(outputDir, { recursive: true });
  return { accuracy: accuracy! };
}

const nameOf = ({ task, method, shots, seed }: UlmfitRun) => `${task}, ${shots} labels: ${method}, seed ${seed}`;
const runs = SEEDS.flatMap((seed) =>
  SHOTS.flatMap((shots) =>
    Object.keys(tasks).flatMap((task) =>
      Object.keys(methods).map((method): UlmfitRun => ({ task, method, shots, seed })),
    ),
  ),
);
mkdirSync(directory, { recursive: true });
for (const run of runs) {
  const name = nameOf(run);
  if (!name.includes(values.only) || readUlmfit().some((each) => nameOf(each) === name)) continue;
  const result = await measure(run);
  appendFileSync(ulmfitResults, `${JSON.stringify({ ...run, ...result })}\n`);
  console.log(`${name}: ${(100 * result.accuracy).toFixed(1)}`);
}
