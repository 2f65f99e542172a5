/**
 * An AWD-LSTM beside fastai's text learner, with the same weights, batches and rates: a language model, and a classifier that
 * starts from it, without dropout, so that only arithmetic differs; and the time of a step with all of it.
 */
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onnx } from '@attune/backend-onnx';
import {
  activationRegularization,
  fieldOf,
  type TokenizedDataset,
  Trainer,
  type TrainingArgumentsInput,
} from '@attune/core';
import { rows } from '@attune/data';
import { MemoryStorage, saveBertTokenizer, wordVocabulary } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { causalLanguageModel, createModel, sequenceClassification } from '@attune/models';
import { full } from '@attune/strategies';
import { lastLine, median, python, scripts, shared } from '../common.mjs';
import type { MeasuredTransfer } from '../transfer-results.mjs';
import { inScratch, labelledTexts } from './data.js';
import type { Unit } from './unit.js';

const BATCH = 32;
/** fastai's Adam; what it decays otherwise is left as it is. */
const adam = {
  ...{ adamBeta1: 0.9, adamBeta2: 0.99, adamEpsilon: 1e-5, weightDecay: 0, maxGradNorm: 1 },
  ...{ lrSchedulerType: 'linear', warmupRatio: 0, holdOutShare: 0, evalStrategy: 'no', loadBestModelAtEnd: false },
  ...{ perDeviceTrainBatchSize: BATCH, perDeviceEvalBatchSize: BATCH, seed: 0, classWeights: 'none' },
} as const satisfies TrainingArgumentsInput;
const WINDOW = 70;
const WORDS = 6000;
const backend = onnx({ threads: 1 });

interface Sizes {
  readonly emb_sz: number;
  readonly n_hid: number;
  readonly n_layers: number;
  /** A factor on fastai's rates. */
  readonly dropout: number;
}

const wikitext = async (part: string, count: number): Promise<readonly string[]> =>
  (await readFile(join(shared, 'data/wikitext2', `${part}.txt`), 'utf8'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length > 100)
    .slice(0, count);

const plain = (texts: readonly string[]) => rows(texts.map((text) => ({ text })));

/** A model of random weights whose words are those of the texts. @returns its directory */
async function newModel(target: string, texts: readonly string[], sizes: Sizes): Promise<string> {
  const vocabulary = await wordVocabulary(texts, { size: WORDS });
  const tokenizer = new MemoryStorage('words');
  await saveBertTokenizer(tokenizer, vocabulary);
  const config = { model_type: 'awd_lstm', vocab_size: vocabulary.length, pad_token: 0, ...sizes };
  const model = await createModel(config, { task: 'causal-language-modeling', tokenizer, seed: 1 });
  await model.save(nodeStorage(target));
  return target;
}

/** The tensors of batches as lists, without rows that fill up a batch. */
const listsOf = (batches: ReturnType<TokenizedDataset['batches']>) =>
  batches.map((make) => {
    const { tensors, indices } = make();
    return ['inputIds', 'labels'].map((name) => {
      const { type, data } = fieldOf(tensors, name);
      const [rows = 0, ...inner] = type.shape;
      return {
        shape: [indices.length, ...inner],
        data: Array.from(data.subarray(0, (data.length / rows) * indices.length)),
      };
    });
  });

/** What Python prints. */
interface Answer {
  /** Of cross entropy on the test batches. */
  readonly loss: number;
  readonly accuracy: number;
  /** Of the processor, for each step. */
  readonly stepSeconds: readonly number[];
}

interface FastaiTask {
  readonly kind: 'language-model' | 'classifier';
  /** The directory that training starts from. */
  readonly model: string;
  readonly train: TokenizedDataset;
  readonly test: TokenizedDataset;
  readonly learningRate: number;
  readonly epochs: number;
}

async function fastai(directory: string, task: FastaiTask): Promise<Answer> {
  const { kind, model, train, test, learningRate, epochs } = task;
  const batches = join(directory, 'batches.json');
  const trained = Array.from({ length: epochs }, (_, epoch) =>
    listsOf(train.batches({ batchSize: BATCH, shuffle: { seed: 0, epoch } })),
  );
  const lists = { train: trained.flat(), test: listsOf(test.batches({ batchSize: BATCH })) };
  writeFileSync(batches, JSON.stringify(lists));
  const flags = Object.entries({ kind, model, batches, 'learning-rate': learningRate }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  return lastLine<Answer>(python, ['awd_lstm.py', ...flags], scripts);
}

/** Trains. @returns seconds of the processor for each step */
async function train(trainer: Trainer<unknown, never>): Promise<readonly number[]> {
  const seconds: number[] = [];
  let last = process.cpuUsage();
  for await (const event of trainer.train()) {
    if (event.type !== 'step') continue;
    const { user, system } = process.cpuUsage(last);
    seconds.push((user + system) / 1e6);
    last = process.cpuUsage();
  }
  return seconds;
}

/** A language model of both sides. @param saved where ours is left */
async function languageModel(directory: string, sizes: Sizes, texts: number, saved: string) {
  const [training, test] = [await wikitext('valid', texts), await wikitext('test', 100)];
  const start = await newModel(join(directory, 'new'), training, sizes);
  const model = await causalLanguageModel(start, { maxLength: WINDOW });
  const [data, measured] = [(await model.encode(plain(training))).dataset, (await model.encode(plain(test))).dataset];
  const [learningRate, epochs] = [5e-3, 1];
  const task = { model: start, train: data, test: measured, learningRate, epochs };
  const peer = await fastai(directory, { kind: 'language-model', ...task });
  const objective = activationRegularization(model.objective);
  await using trainer = new Trainer({
    ...{ model: { ...model, objective }, train: data, strategy: full(), backend },
    ...{ ...adam, learningRate, numTrainEpochs: epochs },
  });
  const stepSeconds = await train(trainer);
  const { loss = 0 } = await trainer.evaluate(measured);
  await trainer.save(saved);
  return {
    perplexity: { attune: Math.exp(loss), peer: Math.exp(peer.loss) },
    seconds: { attune: median(stepSeconds), peer: median(peer.stepSeconds) },
  };
}

/** A classifier of both sides that starts from a language model. */
async function classifier(directory: string, start: string) {
  const texts = await labelledTexts('SST-2');
  const model = await sequenceClassification(start, { labels: texts.labels, maxLength: WINDOW, seed: 0 });
  const head = join(directory, 'classifier');
  await model.save(nodeStorage(head), model.weights);
  const examples = rows(texts.train.slice(0, 2000));
  const [data, measured] = [(await model.encode(examples)).dataset, (await model.encode(rows(texts.test))).dataset];
  // At 5e-3, rounding in the first steps alone decides where it ends.
  const [learningRate, epochs] = [1e-3, 5];
  const task = { model: head, train: data, test: measured, learningRate, epochs };
  const peer = await fastai(directory, { kind: 'classifier', ...task });
  await using trainer = new Trainer({
    ...{ model, train: data, strategy: full(), backend },
    ...{ ...adam, learningRate, numTrainEpochs: epochs },
  });
  await train(trainer);
  const { accuracy = 0 } = await trainer.evaluate(measured);
  return { accuracy: { attune: accuracy, peer: peer.accuracy } };
}

const small = { emb_sz: 100, n_hid: 200, n_layers: 3, dropout: 0 } as const;
const large = { emb_sz: 400, n_hid: 400, n_layers: 3, dropout: 1 } as const;

async function withoutDropout(directory: string): Promise<MeasuredTransfer['measures']> {
  const saved = join(directory, 'language-model');
  const { perplexity } = await languageModel(directory, small, 900, saved);
  const { accuracy } = await classifier(directory, saved);
  return { perplexity, accuracy };
}

async function stepTime(directory: string): Promise<MeasuredTransfer['measures']> {
  const { seconds } = await languageModel(directory, large, 300, join(directory, 'language-model'));
  return { 'seconds of a step': seconds };
}

export const awdLstmUnits: readonly Unit[] = [
  { library: 'fastai', data: 'WikiText-2, then SST-2, AWD-LSTM 3x200', run: () => inScratch(withoutDropout) },
  { library: 'fastai', data: 'AWD-LSTM 3x400, batch 32x70, dropout', run: () => inScratch(stepTime) },
];
