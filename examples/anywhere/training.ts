/** The one script: fine-tunes MiniLM on reviews. It knows no backend and no runtime; the places differ in `backend` only. */
import { type TokenizedDataset, Trainer } from '@attune/core';
import { encodeClassification, LabelMap, rows } from '@attune/data';
import type { Storage } from '@attune/hub';
import { type Backend, type HostTensor, hostTensor } from '@attune/ir';
import { sequenceClassification } from '@attune/models';
import { full } from '@attune/strategies';
import type { TrainingOutput } from './place-output.js';

export interface Review {
  readonly text: string;
  /** `negative` or `positive`. */
  readonly label: string;
}

export interface TrainingInput {
  /** The directory of the model. */
  readonly model: Storage | string;
  /** The head that PyTorch's run began with, so that the losses can be compared. */
  readonly head: { readonly weight: readonly number[]; readonly bias: readonly number[] };
  readonly train: readonly Review[];
  readonly test: readonly Review[];
  readonly steps: number;
  /** Reviews of a step. */
  readonly batch: number;
  /** Tokens of every review: longer ones are cut, shorter ones padded. */
  readonly length: number;
  /** Everywhere in the model; 0 by default, as in PyTorch's run. */
  readonly dropout?: number;
}

const labels = ['negative', 'positive'];

export async function train(input: TrainingInput, backend: Backend): Promise<TrainingOutput> {
  const { batch, length, dropout = 0 } = input;
  const loaded = await sequenceClassification(input.model, {
    labels,
    maxLength: length,
    dropout: { hidden: dropout, attention: dropout, classifier: dropout },
  });
  const weights: ReadonlyMap<string, HostTensor> = new Map([
    ...loaded.weights,
    ['classifier.weight', hostTensor([labels.length, input.head.weight.length / labels.length], input.head.weight)],
    ['classifier.bias', hostTensor([labels.length], input.head.bias)],
  ]);
  const encode = async (reviews: readonly Review[]) => {
    const options = { maxLength: length, multipleOf: length };
    return (await encodeClassification(rows(reviews), loaded.tokenizer, new LabelMap(labels), options)).dataset;
  };
  await using trainer = new Trainer({
    model: { ...loaded, weights },
    train: await inOrder(input.train, batch, encode),
    strategy: full(),
    backend,
    learningRate: 5e-5,
    weightDecay: 0.01,
    warmupRatio: 0,
    evalStrategy: 'no',
    lrSchedulerType: 'constant',
    maxGradNorm: 0,
    maxSteps: input.steps,
    perDeviceTrainBatchSize: batch,
    seed: 0,
  });
  let device = '';
  const losses: number[] = [];
  const milliseconds: number[] = [];
  for await (const event of trainer.train()) {
    if (event.type === 'start') device = event.device;
    if (event.type !== 'step') continue;
    losses.push(event.loss);
    milliseconds.push(event.milliseconds);
  }
  const { accuracy = Number.NaN } = await trainer.evaluate(await encode(input.test));
  return { device, losses, accuracy, milliseconds };
}

/** The reviews in batches as they come, neither shuffled nor sorted by length: PyTorch's run took them so. */
async function inOrder(
  reviews: readonly Review[],
  size: number,
  encode: (reviews: readonly Review[]) => Promise<TokenizedDataset>,
): Promise<TokenizedDataset> {
  const starts = Array.from({ length: Math.ceil(reviews.length / size) }, (_, batch) => batch * size);
  const parts = await Promise.all(starts.map((start) => encode(reviews.slice(start, start + size))));
  return {
    length: reviews.length,
    fingerprint: parts.map(({ fingerprint }) => fingerprint).join(),
    batches: ({ batchSize }) => parts.flatMap((part) => part.batches({ batchSize })),
  };
}
