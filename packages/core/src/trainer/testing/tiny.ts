/** A classifier of a few numbers over bags of tokens, with data for it: what the trainer's tests train. */
import { hostTensor, mul, reduceSum, tanh } from '@attune/ir';
import type { Batch, TokenizedDataset } from '../../dataset.js';
import { describeModel } from '../../describe-model.js';
import { type Model, type ModelTask, tokenFields } from '../../model.js';
import { embeddingLayer, linear } from '../../nn/layers.js';
import { IGNORED_LABEL } from '../../objective.js';
import { gaussian, permutation } from '../../random.js';
import type { Strategy } from '../../strategy.js';
import type { TrainableModel } from '../trainable-model.js';

const VOCABULARY = 16;
export const CLASSES = 3;

export const tinyTask: ModelTask = {
  name: 'tiny',
  peftTaskType: null,
  headModules: ['classifier'],
  adapterModules: ['classifier'],
};

/** @param dropout before the classifier */
export function tinyModel(dropout = 0.1): TrainableModel {
  const model: Model = {
    architecture: 'tiny',
    task: tinyTask,
    config: {},
    maxPositions: 8,
    inputs: tokenFields('inputIds'),
    forward(scope, { inputIds }) {
      const tokens = embeddingLayer(scope, 'embeddings', inputIds!, [VOCABULARY, 32]);
      const pooled = mul(reduceSum(tokens, [1]), 1 / inputIds!.type.shape[1]!);
      const hidden = tanh(linear(scope, 'encoder', pooled, 16));
      return { logits: linear(scope, 'classifier', scope.child('classifier').dropout(hidden, dropout), CLASSES) };
    },
  };
  const { parameters } = describeModel(model);
  const weights = new Map(
    parameters.map(({ name, type }) => {
      const count = type.shape.reduce((a, b) => a * b, 1);
      return [name, hostTensor(type.shape, gaussian(count, 1, name))] as const;
    }),
  );
  return { model, weights };
}

export interface TinyExample {
  readonly ids: readonly number[];
  readonly label: number;
}

/** Examples of two or four tokens; the label is a function of the first. */
export function tinyExamples(count: number, seed = 0): TinyExample[] {
  return Array.from({ length: count }, (_, index) => {
    const drawn = permutation(VOCABULARY, seed, 'example', index);
    const ids = Array.from(drawn.slice(0, index % 3 === 0 ? 2 : 4));
    return { ids, label: ids[0]! % CLASSES };
  });
}

/** Batches of one length each, in the epoch's order; rows that fill up a batch have ignored labels. */
export function tinyDataset(examples: readonly TinyExample[]): TokenizedDataset {
  return {
    length: examples.length,
    fingerprint: JSON.stringify(examples),
    // Its classes are even.
    balanced: async () => tinyDataset(examples),
    batches({ batchSize, shuffle }) {
      const order = shuffle
        ? Array.from(permutation(examples.length, shuffle.seed, 'order', shuffle.epoch))
        : examples.map((_, index) => index);
      const groups: { readonly length: number; readonly members: number[] }[] = [];
      for (const index of order) {
        const { length } = examples[index]!.ids;
        const open = groups.find((group) => group.length === length && group.members.length < batchSize);
        if (open) open.members.push(index);
        else groups.push({ length, members: [index] });
      }
      return groups.map(
        ({ length, members }) =>
          () =>
            batchOf(examples, members, length, batchSize),
      );
    },
  };
}

function batchOf(
  examples: readonly TinyExample[],
  members: readonly number[],
  length: number,
  batchSize: number,
): Batch {
  const ids = new Int32Array(batchSize * length);
  const labels = new Int32Array(batchSize).fill(IGNORED_LABEL);
  for (const [row, index] of members.entries()) {
    ids.set(examples[index]!.ids, row * length);
    labels[row] = examples[index]!.label;
  }
  return {
    tensors: { inputIds: hostTensor([batchSize, length], ids, 'i32'), labels: hostTensor([batchSize], labels, 'i32') },
    rows: members.map((index) => index + 2),
    indices: members,
    tokens: members.length * length,
  };
}

export const tinyFull: Strategy = { name: 'full', options: {}, adapt: () => ({ trainable: () => true }) };

/** The classifier alone trains. */
export const tinyHead: Strategy = {
  name: 'head',
  options: {},
  adapt: () => ({ trainable: ({ name }) => name.startsWith('classifier.') }),
};
