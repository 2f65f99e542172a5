/** The tasks that the base is measured on, each with its training and test part. */
import type { TokenizedDataset } from '@attune/core';
import {
  conll,
  csv,
  encodeClassification,
  LabelMap,
  rows,
  type TaggedDataset,
  type TextDataset,
  type TextExample,
} from '@attune/data';
import type { Tokenizer } from '@attune/hub';
import { encodeTokenClassification } from '@attune/tasks';

export const taskNames = ['sst2', 'banking77', 'banking77-10', 'wnut17'] as const;

export type TaskName = (typeof taskNames)[number];

/** How a task is measured: epochs and batches are those of every model. */
export interface EvaluationTask {
  readonly title: string;
  readonly kind: 'sequence-classification' | 'token-classification';
  readonly metric: 'accuracy' | 'f1';
  readonly epochs: number;
  readonly batchSize: number;
  readonly maxLength: number;
}

export const tasks: Readonly<Record<TaskName, EvaluationTask>> = {
  sst2: {
    title: 'SST-2',
    kind: 'sequence-classification',
    metric: 'accuracy',
    epochs: 2,
    batchSize: 32,
    maxLength: 64,
  },
  banking77: {
    title: 'Banking77',
    kind: 'sequence-classification',
    metric: 'accuracy',
    epochs: 4,
    batchSize: 32,
    maxLength: 64,
  },
  'banking77-10': {
    title: 'Banking77, 10 per class',
    kind: 'sequence-classification',
    metric: 'accuracy',
    epochs: 15,
    batchSize: 16,
    maxLength: 64,
  },
  wnut17: { title: 'WNUT17', kind: 'token-classification', metric: 'f1', epochs: 4, batchSize: 16, maxLength: 96 },
};

export interface EvaluationData {
  readonly labels: readonly string[];
  encode(tokenizer: Tokenizer, maxLength: number): Promise<{ train: TokenizedDataset; test: TokenizedDataset }>;
}

/** @param take rows of each part, for a trial; all by default */
export async function readTask(name: TaskName, data: string, take?: number): Promise<EvaluationData> {
  if (name === 'wnut17') return tagged(...parts((part) => conll(`${data}/wnut17/${part}.conll`)), take);
  if (name === 'sst2') {
    const open = (part: string) => csv(`${data}/sst2/${part}.tsv`, { text: '1', label: '2' }, { header: false });
    return classified(...parts(open), take);
  }
  const [train, test] = parts((part) => csv(`${data}/banking77/${part}.csv`, { text: 'text', label: 'category' }));
  return classified(name === 'banking77' ? train : rows(await firstOfEach(train, 10)), test, take);
}

const parts = <T>(open: (part: string) => T): readonly [T, T] => [open('train'), open('test')];

/** The first rows of each class. */
async function firstOfEach(texts: TextDataset, count: number): Promise<readonly TextExample[]> {
  const seen = new Map<string, number>();
  const examples = await texts.toArray();
  return examples.filter(({ label = '' }) => {
    const number = (seen.get(label) ?? 0) + 1;
    seen.set(label, number);
    return number <= count;
  });
}

async function classified(train: TextDataset, test: TextDataset, take?: number): Promise<EvaluationData> {
  const labels = await train.labels();
  const taken = async (texts: TextDataset) => (take === undefined ? texts : rows(await texts.take(take).toArray()));
  return {
    labels,
    async encode(tokenizer, maxLength) {
      const map = new LabelMap(labels);
      const encode = async (texts: TextDataset) =>
        (await encodeClassification(await taken(texts), tokenizer, map, { maxLength })).dataset;
      return { train: await encode(train), test: await encode(test) };
    },
  };
}

async function tagged(train: TaggedDataset, test: TaggedDataset, take?: number): Promise<EvaluationData> {
  const labels = await train.labels();
  return {
    labels,
    async encode(tokenizer, maxLength) {
      const encode = async (sentences: TaggedDataset) => {
        const encoded = await encodeTokenClassification(sentences, tokenizer, new LabelMap(labels), { maxLength });
        return take === undefined ? encoded.dataset : firstBatches(encoded.dataset, take);
      };
      return { train: await encode(train), test: await encode(test) };
    },
  };
}

/** As many batches as hold `take` examples. */
const firstBatches = (dataset: TokenizedDataset, take: number): TokenizedDataset => ({
  ...dataset,
  batches: (options) => dataset.batches(options).slice(0, Math.ceil(take / options.batchSize)),
});
