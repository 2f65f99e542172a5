/** SetFit (Tunstall et al. 2022, arXiv 2209.11055): few labelled texts, many pairs of them, then a linear head. */
import {
  type TrainEvent,
  Trainer,
  type TrainerOptions,
  type TrainingArgumentsInput,
  type TrainOptions,
} from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { encodeTexts, rows, type TextExample } from '@attune/data';
import { MemoryStorage, readModelConfig, type Storage, writeJson } from '@attune/hub';
import { AttuneError, type Backend, type HostTensor, hostTensor } from '@attune/ir';
import {
  loadModel,
  type SentenceEncoder,
  type SequenceClassifier,
  sentenceSimilarity,
  taskModel,
} from '@attune/models';
import { full } from '@attune/strategies';
import { type Classification, type ClassificationInput, poolingOf, sequenceClassificationTask } from '@attune/tasks';
import * as z from 'zod/mini';
import { LogisticRegression } from '../island/logistic-regression.js';
import type { SparseRow } from '../island/sparse.js';
import { contrastivePairs, samplingStrategies } from './contrastive-pairs.js';

const setFitSchema = z.strictObject({
  /** Which pairs are drawn if `numIterations` does not say it. */
  samplingStrategy: z.optional(z.enum(samplingStrategies)),
  /** Pairs of one class, and as many of two, for each text; 20, the paper's, without a `samplingStrategy`. */
  numIterations: z.optional(z.int().check(z.positive())),
  /** Inverse of the head's penalty; 1 by default, as in scikit-learn. */
  C: z._default(z.number().check(z.positive()), 1),
});

const PAPER_ITERATIONS = 20;

export type SetFitOptions = z.input<typeof setFitSchema>;

/** The names of its options. */
export const setFitOptionNames: readonly string[] = Object.keys(setFitSchema.shape);

/** @throws AttuneError `E_CONFIG` */
export function parseSetFitOptions(options: unknown) {
  const parsed = parseOptions(setFitSchema, options, 'setfit');
  return parsed.samplingStrategy === undefined ? { numIterations: PAPER_ITERATIONS, ...parsed } : parsed;
}

export interface SetFitRequest {
  /** The directory of a sentence encoder. */
  readonly model: Storage;
  readonly examples: readonly TextExample[];
  /** Names of the classes, in the order of the outputs. */
  readonly labels: readonly string[];
  readonly backend: Backend;
  /** Tokens kept of each text; 128 by default. */
  readonly maxLength?: number | undefined;
  readonly options?: SetFitOptions;
  /** Of the encoder's training; SetFit's own by default: one epoch of batches of 16 pairs at 2e-5. */
  readonly training?: TrainingArgumentsInput;
  /** Where checkpoints of the encoder go, and the finished classifier by default. */
  readonly outputDir?: TrainerOptions['outputDir'];
  /** Told what happens while the encoder trains. */
  readonly onEvent?: (event: TrainEvent) => void;
  readonly train?: TrainOptions;
}

/** Of the library setfit; transformers' defaults for the rest. */
const setFitArguments = {
  learningRate: 2e-5,
  numTrainEpochs: 1,
  perDeviceTrainBatchSize: 16,
  warmupRatio: 0.1,
  weightDecay: 0,
} as const satisfies TrainingArgumentsInput;

/** There is nothing to measure before there is a head. */
const noEvaluation = {
  holdOutShare: 0,
  evalStrategy: 'no',
  loadBestModelAtEnd: false,
  earlyStoppingPatience: 0,
} as const satisfies TrainingArgumentsInput;

/**
 * Tunes the encoder until texts of one class lie close together, and fits logistic regression on its vectors.
 * @returns a trainer that holds the classifier: evaluate, ask and save it, and dispose of it at the end; undefined if the
 * signal ended the training of the encoder, which goes on with `train: { resume: true }`
 * @throws AttuneError `E_CONFIG`, `E_DATA_LABELS`, `E_DATA_LIMIT` (`contrastivePairs`), `E_DATA` for pairs of texts, and as
 * `Trainer.train`
 */
export async function trainSetFit(
  request: SetFitRequest,
): Promise<Trainer<Classification, ClassificationInput> | undefined> {
  const { model: directory, examples, labels, backend, maxLength = 128, training = {}, outputDir, onEvent } = request;
  const { samplingStrategy = 'oversampling', numIterations, C } = parseSetFitOptions(request.options);
  if (examples.some(({ textPair }) => textPair !== undefined)) {
    throw new AttuneError('E_DATA', 'SetFit compares single texts, and the data has pairs.', { field: 'textPair' });
  }
  const seed = training.seed ?? 0;
  const pairs = contrastivePairs(examples, { samplingStrategy, numIterations, seed });
  const encoder = await sentenceSimilarity(directory, { objective: 'cosine-similarity', maxLength, seed });
  const scored = pairs.map(({ score, ...texts }) => ({ ...texts, numbers: [score] }));
  await using trainer = new Trainer({
    ...setFitArguments,
    ...given(training),
    ...noEvaluation,
    model: encoder,
    train: rows(scored, { name: 'pairs of the training data' }),
    strategy: full(),
    backend,
    ...(outputDir === undefined ? {} : { outputDir }),
  });
  for await (const event of trainer.train(request.train)) {
    onEvent?.(event);
    if (event.type === 'end' && event.reason === 'aborted') return undefined;
  }
  const pooling = await poolingOf(directory);
  const vectors = await vectorsOf(examples, encoder, trainer, pooling === 'mean' ? 'meanPooled' : 'firstToken');
  const targets = examples.map(({ label = '' }) => labels.indexOf(label));
  const width = vectors[0]?.columns.length ?? 0;
  const signal = request.train?.signal;
  const head = await LogisticRegression.fit(vectors, targets, { classes: labels.length, width, C, signal });
  const files = new MemoryStorage(directory.name);
  await trainer.save(files);
  const config = await readModelConfig(files);
  await writeJson(files, 'config.json', { ...config, classifier_vector: `normalized_${pooling}` });
  const classifier = await classifierOf(files, labels, head, maxLength);
  return new Trainer({
    model: classifier,
    train: rows(examples),
    strategy: full(),
    backend,
    seed,
    ...(outputDir === undefined ? {} : { outputDir }),
  });
}

/** What was given: an argument that is undefined does not hide a default. */
const given = (training: TrainingArgumentsInput): TrainingArgumentsInput =>
  Object.fromEntries(Object.entries(training).filter(([, value]) => value !== undefined));

/** The vectors of the texts at unit length. */
async function vectorsOf(
  examples: readonly TextExample[],
  { tokenizer, maxLength }: SentenceEncoder,
  trainer: Trainer<unknown>,
  output: string,
): Promise<readonly SparseRow[]> {
  const { dataset } = await encodeTexts(rows(examples), tokenizer, { maxLength, multipleOf: 16 });
  const found = await trainer.predict(dataset, output);
  return found.map((vector) => {
    const length = Math.max(Math.hypot(...vector), 1e-12);
    return {
      columns: Int32Array.from(vector, (_, column) => column),
      values: Float64Array.from(vector, (value) => value / length),
    };
  });
}

/** The model of the files with the fitted head. */
async function classifierOf(
  files: Storage,
  labels: readonly string[],
  head: LogisticRegression,
  maxLength: number,
): Promise<SequenceClassifier> {
  const task = sequenceClassificationTask;
  const loaded = await loadModel(files, { task, labels, problemType: 'single_label_classification' });
  const weights = new Map(loaded.weights);
  const { weight, bias } = tensorsOf(head);
  for (const name of loaded.created) {
    if (name.endsWith('.weight')) weights.set(name, weight);
    else if (name.endsWith('.bias')) weights.set(name, bias);
  }
  return taskModel({ ...loaded, weights, created: [], warnings: [] }, task, { maxLength });
}

/** As a linear layer with an output for each class: of two, the first stays 0, since one score tells them apart. */
function tensorsOf(head: LogisticRegression): Record<'weight' | 'bias', HostTensor> {
  const { classes, width } = head;
  const values = Array.from({ length: classes * width }, (_, index) =>
    head.weight(Math.floor(index / width), index % width),
  );
  const bias = Array.from({ length: classes }, (_, label) => head.weight(label, width));
  return { weight: hostTensor([classes, width], values), bias: hostTensor([classes], bias) };
}
