import { onnx } from '@attune/backend-onnx';
import { type HostBatch, Learner, sequenceClassificationObjective } from '@attune/core';
import { inMemory, MemoryStorage, openWeights, writeJson, writeWeights } from '@attune/hub';
import { type HostTensor, hostTensor } from '@attune/ir';
import { full, head } from '@attune/strategies';
import { expect, test } from 'vitest';
import { loadModel } from '../load.js';
import { tinyAwdLstmConfig, writeTinyAwdLstm } from '../testing/tiny-awd-lstm.js';

const task = 'sequence-classification';
const backend = onnx({ threads: 1 });
const labels = ['a', 'b', 'c'];
const headNames = [
  ...['weight', 'bias', 'running_mean', 'running_var'].map((name) => `1.layers.0.0.${name}`),
  '1.layers.0.1.weight',
  ...['weight', 'bias', 'running_mean', 'running_var'].map((name) => `1.layers.1.0.${name}`),
  '1.layers.1.1.weight',
];

const languageModel = () => writeTinyAwdLstm(new MemoryStorage());

/** Rows of a text each, padded to five tokens. */
function batchOf(texts: readonly (readonly number[])[], classes: readonly number[]): HostBatch {
  const shape = [texts.length, 5];
  const padded = texts.flatMap((ids) => [...ids, ...new Array<number>(5 - ids.length).fill(0)]);
  const mask = texts.flatMap(({ length }) => [0, 1, 2, 3, 4].map((place) => Number(place < length)));
  return {
    inputIds: hostTensor(shape, padded, 'i32'),
    attentionMask: hostTensor(shape, mask, 'i32'),
    labels: hostTensor([texts.length], [...classes], 'i32'),
  };
}

test('a language model gets the head of a classifier, and its files fit fastai’s names', async () => {
  const loaded = await loadModel(await languageModel(), { task, labels });
  expect([...loaded.created].sort()).toEqual(headNames.filter((name) => !name.includes('running')).sort());
  expect([...loaded.weights.keys()].filter((name) => name.startsWith('1.')).sort()).toEqual([...headNames].sort());
  const target = new MemoryStorage('saved');
  await loaded.save(target);
  const again = await loadModel(target, { task });
  expect([again.created, again.labels]).toEqual([[], labels]);

  // As fastai has it with dropout in the blocks, and without statistics.
  const stored = await openWeights(target);
  const tensors = new Map<string, HostTensor>();
  for (const name of stored.names.filter((each) => !each.includes('running')))
    tensors.set(name.replace(/^(1\.layers\.\d)\.1\./, '$1.2.'), await stored.read(name));
  const foreign = new MemoryStorage('foreign');
  await writeWeights(foreign, inMemory(tensors));
  await writeJson(foreign, 'config.json', { ...tinyAwdLstmConfig, num_labels: 3 });
  const { weights, created } = await loadModel(foreign, { task, labels });
  expect(created).toEqual([]);
  expect([...weights.get('1.layers.0.1.weight')!.data]).toEqual([...again.weights.get('1.layers.0.1.weight')!.data]);
  expect([...weights.get('1.layers.0.0.running_var')!.data]).toEqual(new Array(36).fill(1));
});

test('rows that only fill up a batch are no part of its mean and variance', async () => {
  const loaded = await loadModel(await languageModel(), { task, labels });
  const objective = sequenceClassificationObjective({ classes: 3 });
  const model = { ...loaded, objective };
  const after = async (batch: HostBatch) => {
    const still = { ...full(), adapt: () => ({ trainable: () => true, dropoutAt: () => false }) };
    await using learner = await Learner.open({ model, strategy: still, backend });
    const { loss } = await learner.step([{ tensors: batch }]);
    return { loss, variance: [...(await learner.weights()).get('1.layers.1.0.running_var')!.data] };
  };
  const texts = [
    [7, 9, 11],
    [5, 8],
    [8, 8, 21, 14, 30],
  ];
  const whole = await after(batchOf(texts, [0, 1, 2]));
  const filled = await after(batchOf([...texts, [0], [0]], [0, 1, 2, -100, -100]));
  expect(filled.loss).toBeCloseTo(whole.loss, 5);
  for (const [index, x] of whole.variance.entries()) expect(filled.variance[index]).toBeCloseTo(x, 5);
});

test('the strategy "head" trains the head alone', async () => {
  const loaded = await loadModel(await languageModel(), { task, labels });
  await using learner = await Learner.open({
    model: { ...loaded, objective: sequenceClassificationObjective({ classes: 3 }) },
    strategy: head(),
    backend,
  });
  expect([...learner.adapted.trainable].sort()).toEqual(headNames.filter((name) => !name.includes('running')).sort());
});
