import { onnx } from '@attune/backend-onnx';
import { Learner, Trainer } from '@attune/core';
import { rows } from '@attune/data';
import { MemoryStorage } from '@attune/hub';
import { type HostTensor, hostTensor, referenceBackend } from '@attune/ir';
import { full } from '@attune/strategies';
import { sequenceClassificationTask as task } from '@attune/tasks';
import { describe, expect, it } from 'vitest';
import { saveWordVectorModel } from './embedding-bag/word-vectors.js';
import { loadModel } from './load.js';
import { taskModel } from './task-model.js';
import { forwardOutputs } from './testing/forward-outputs.js';
import { createWordClassifier, type WordClassifierFamily } from './word-classifier.js';

const texts = ['a good movie, very good', 'bad movie', 'very bad', 'a good good one'];
const labels = ['negative', 'positive'];
const small = {
  'text-cnn': { embedding_size: 4, kernel_sizes: [2, 3], num_filters: 3 },
  bilstm: { embedding_size: 4, hidden_size: 3, num_layers: 2 },
} as const satisfies Readonly<Record<WordClassifierFamily, object>>;
const families = Object.keys(small) as WordClassifierFamily[];
const created = (family: WordClassifierFamily, fields: object = {}) =>
  createWordClassifier(family, { task, labels, seed: 3, words: { texts }, fields: { ...small[family], ...fields } });

const ids = [5, 6, 7, 8];
const fields = (batch: readonly (readonly number[])[], length: number) => {
  const padded = (row: readonly number[], of: (id: number) => number) =>
    Array.from({ length }, (_, place) => (row[place] === undefined ? 0 : of(row[place])));
  const tensor = (of: (id: number) => number) =>
    hostTensor(
      [batch.length, length],
      batch.flatMap((row) => padded(row, of)),
      'i32',
    );
  return { inputIds: tensor((id) => id), attentionMask: tensor(() => 1) };
};

type Weights = ReadonlyMap<string, HostTensor>;
type Matrix = readonly (readonly number[])[];

/** The rows of a tensor. */
function matrix(weights: Weights, name: string): Matrix {
  const { type, data } = weights.get(name)!;
  const width = data.length / type.shape[0]!;
  return Array.from({ length: type.shape[0]! }, (_, row) => Array.from(data.subarray(row * width, (row + 1) * width)));
}
const vector = (weights: Weights, name: string) => matrix(weights, name).flat();
const dot = (one: readonly number[], other: readonly number[]) =>
  one.reduce((sum, value, index) => sum + value * other[index]!, 0);
const transposed = (rows: Matrix): Matrix => rows[0]!.map((_, column) => rows.map((row) => row[column]!));

/** Kim's formula in plain loops: windows may hang over both ends. */
function convolved(weights: Weights, words: Matrix): readonly number[] {
  return [0, 1].flatMap((index) => {
    const [kernels, bias] = [matrix(weights, `convs.${index}.weight`), vector(weights, `convs.${index}.bias`)];
    const window = kernels[0]!.length / words[0]!.length;
    return kernels.map((kernel, channel) => {
      const answers = Array.from({ length: words.length + window - 1 }, (_, place) =>
        words.reduce((sum, word, token) => {
          const offset = token - place + window - 1;
          if (offset < 0 || offset >= window) return sum;
          return sum + word.reduce((all, value, column) => all + value * kernel[column * window + offset]!, 0);
        }, bias[channel]!),
      );
      return Math.max(0, ...answers);
    });
  });
}

/** torch.nn.LSTM of one direction in plain loops. */
function recurrent(weights: Weights, words: Matrix, suffix: string): Matrix {
  const [input, hidden] = [matrix(weights, `lstm.weight_ih_${suffix}`), matrix(weights, `lstm.weight_hh_${suffix}`)];
  const biases = ['ih', 'hh'].map((name) => vector(weights, `lstm.bias_${name}_${suffix}`));
  const size = hidden[0]!.length;
  let [h, c] = [new Array<number>(size).fill(0), new Array<number>(size).fill(0)];
  const logistic = (x: number) => 1 / (1 + Math.exp(-x));
  return words.map((word) => {
    const gate = input.map(
      (row, index) => dot(row, word) + dot(hidden[index]!, h) + biases[0]![index]! + biases[1]![index]!,
    );
    c = c.map(
      (cell, unit) => logistic(gate[size + unit]!) * cell + logistic(gate[unit]!) * Math.tanh(gate[2 * size + unit]!),
    );
    h = c.map((cell, unit) => logistic(gate[3 * size + unit]!) * Math.tanh(cell));
    return h;
  });
}

function bothDirections(weights: Weights, words: Matrix): readonly number[] {
  let states = words;
  for (const layer of ['l0', 'l1']) {
    const back = recurrent(weights, states.toReversed(), `${layer}_reverse`).toReversed();
    states = recurrent(weights, states, layer).map((state, token) => [...state, ...back[token]!]);
  }
  return transposed(states).map((unit) => Math.max(...unit));
}

const references = { 'text-cnn': convolved, bilstm: bothDirections };

describe.each(families)('%s', (family) => {
  it('gives what its formula gives, however long the padding is', async () => {
    const { model, weights } = await created(family);
    const words = ids.map((id) => matrix(weights, 'embeddings.word_embeddings.weight')[id]!);
    const state = references[family](weights, words);
    const scores = matrix(weights, 'classifier.weight').map((row) => expect.closeTo(dot(row, state), 5));
    const alone = forwardOutputs(model, weights, fields([ids], ids.length)).get('logits')!;
    expect(Array.from(alone.data)).toEqual(scores);
    const beside = forwardOutputs(model, weights, fields([[9, 5, 6, 7, 8, 6], ids, [5]], 9)).get('logits')!;
    expect(Array.from(beside.data.slice(2, 4))).toEqual(scores);
  });

  it('has the slope of its loss as gradient', async () => {
    const { model, weights } = await created(family, { embedding_dropout: 0, classifier_dropout: 0 });
    const taskOf = await taskModel(await created(family), task, {});
    const batch = { ...fields([ids, [5, 9]], 5), labels: hostTensor([2], [0, 1], 'i32') };
    const open = (of: Weights) =>
      Learner.open({
        model: { model, weights: of },
        strategy: full(),
        objective: taskOf.objective,
        backend: referenceBackend(),
      });
    await using learner = await open(weights);
    const gradients = await learner.gradients([{ tensors: batch }]);
    expect([...gradients.keys()].sort()).toEqual([...weights.keys()].sort());
    const step = 1e-3;
    const moved = (sign: number) =>
      new Map(
        [...weights].map(([name, { type, data }]) => {
          const slopes = gradients.get(name)!.data;
          return [name, { type, data: data.map((value, index) => value + sign * step * slopes[index]!) }] as const;
        }),
      );
    await using ahead = await open(moved(1));
    await using behind = await open(moved(-1));
    const difference = (await ahead.loss([{ tensors: batch }])).loss - (await behind.loss([{ tensors: batch }])).loss;
    const squares = [...gradients.values()].reduce((sum, { data }) => sum + dot([...data], [...data]), 0);
    expect(difference / (2 * step) / squares).toBeCloseTo(1, 2);
  });

  it('learns, is saved, and answers the same after loading', async () => {
    const model = await taskModel(await created(family), task, {});
    await using trainer = new Trainer({
      model,
      train: rows(texts.map((text) => ({ text, label: text.includes('good') ? 'positive' : 'negative' }))),
      strategy: full(),
      backend: onnx({ threads: 1 }),
      ...{ learningRate: 0.05, numTrainEpochs: 10, perDeviceTrainBatchSize: 4, holdOutShare: 0 },
    });
    for await (const _ of trainer.train());
    const answer = await trainer.predict('a very good movie');
    expect(answer).toMatchObject({ label: 'positive' });
    const target = new MemoryStorage('saved');
    await trainer.save(target);
    const loaded = await taskModel(await loadModel(target, { task }), task, {});
    const [encoded] = await loaded.text!.encode(['a very good movie']);
    const tokens = encoded!.rows[0]!.ids;
    const logits = forwardOutputs(loaded.model, loaded.weights, fields([tokens], tokens.length)).get('logits')!;
    expect(1 / (1 + Math.exp(logits.data[0]! - logits.data[1]!))).toBeCloseTo(answer.score, 4);
    expect(loaded.created).toEqual([]);
  });

  it('starts from word vectors', async () => {
    const vectors = new MemoryStorage('vectors');
    const table = { vocabulary: new Map([['good', 0]]), vectors: hostTensor([1, 2], [0.5, -0.5]) };
    await saveWordVectorModel(vectors, table);
    const model = await createWordClassifier(family, { task, labels, words: { vectors } });
    expect(matrix(model.weights, 'embeddings.word_embeddings.weight')[5]).toEqual([0.5, -0.5]);
    expect(model.created).not.toContain('embeddings.word_embeddings.weight');
  });
});

it.each([
  ['text-cnn', { kernel_sizes: [] }],
  ['text-cnn', { kernel_sizes: [0] }],
  ['bilstm', { num_layers: 0 }],
] as const)('%s refuses %j', async (family, wrong) => {
  await expect(created(family, wrong)).rejects.toMatchObject({ code: 'E_CONFIG', field: expect.any(String) });
});

it('texts without words make no vocabulary', async () => {
  const options = { task, labels, words: { texts: ['', ' '] } };
  await expect(createWordClassifier('text-cnn', options)).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
});
