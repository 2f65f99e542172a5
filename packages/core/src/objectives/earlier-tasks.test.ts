/** Objectives that keep what a model knew, against numbers made by hand. */
import { type HostTensor, hostTensor, interpret, mul, reduceSum } from '@attune/ir';
import { describe, expect, it, test } from 'vitest';
import { grad } from '../autodiff.js';
import { type Model, tokenFields } from '../model.js';
import { embeddingLayer, linear } from '../nn/layers.js';
import { tokensAt } from '../nn/pooling.js';
import type { HostBatch, Objective } from '../objective.js';
import { traceLoss } from '../trace.js';
import { maskedLanguageModeling, sequenceClassificationObjective } from './classification.js';
import { learningWithoutForgetting } from './learning-without-forgetting.js';
import { replay, replayedField } from './replay.js';

const [VOCABULARY, WIDTH] = [12, 3];

/** A table of token vectors under a head over their mean, or over each token. */
const modelOf = (per: 'text' | 'place', classes: number): Model => ({
  architecture: 'table',
  task: { name: 'table', peftTaskType: null, headModules: ['head'], adapterModules: ['head'] },
  config: {},
  maxPositions: 16,
  inputs: tokenFields('inputIds', ...(per === 'place' ? ['predictionPositions'] : [])),
  forward(scope, { inputIds, predictionPositions }) {
    const tokens = embeddingLayer(scope, 'table', inputIds!, [VOCABULARY, WIDTH]);
    const read = predictionPositions
      ? tokensAt(tokens, predictionPositions)
      : mul(reduceSum(tokens, [1]), 1 / inputIds!.type.shape[1]!);
    return { logits: linear(scope, 'head', read, classes) };
  },
});

const table = (scale: number) => Array.from({ length: VOCABULARY * WIDTH }, (_, index) => scale * Math.sin(1 + index));
const headOf = (classes: number, scale: number) =>
  Array.from({ length: classes * WIDTH }, (_, index) => scale * Math.cos(index));
const biasOf = (classes: number) => Array.from({ length: classes }, (_, index) => index / 10);
const weightsOf = (tableScale: number, classes: number, scale: number) =>
  new Map<string, HostTensor>([
    ['table.weight', hostTensor([VOCABULARY, WIDTH], table(tableScale))],
    ['head.weight', hostTensor([classes, WIDTH], headOf(classes, scale))],
    ['head.bias', hostTensor([classes], biasOf(classes))],
  ]);

const keeps = new Set(['head.weight', 'head.bias']);

/** Loss and the gradient of the table, in training, of a model with another table than before. */
function run(objective: Objective, batch: HostBatch, totals = objective.counts(batch)) {
  const model = modelOf('text', 2);
  const types = Object.fromEntries(Object.entries(batch).map(([name, { type }]) => [name, type]));
  const { program } = traceLoss({ model, objective, batch: types, training: true });
  const loss = { ...program, outputs: program.outputs.filter(({ name }) => name === 'loss') };
  const own = weightsOf(2, 2, 1);
  const values = program.inputs.map(({ name }) => {
    const [kind, ...rest] = name.split('/');
    if (kind === 'batch') return batch[rest.join('/')]!;
    if (kind === 'total') return hostTensor([], [totals[rest.join('/')]!]);
    const [model, ...parameter] = name.startsWith('models.') ? name.slice('models.'.length).split('.') : [];
    return model === undefined ? own.get(name)! : objective.models![model]!.weights.get(parameter.join('.'))!;
  });
  const [value, gradient] = interpret(grad(loss, { wrt: ['table.weight'] }), values);
  return { loss: value!.data[0]!, gradient: Array.from(gradient!.data) };
}

const softmax = (logits: readonly number[]) => {
  const powers = logits.map(Math.exp);
  const total = powers.reduce((sum, each) => sum + each, 0);
  return powers.map((each) => each / total);
};
const logitsOf = (vector: readonly number[], classes: number, scale: number) =>
  biasOf(classes).map((bias, row) =>
    vector.reduce((sum, value, column) => sum + value * headOf(classes, scale)[row * WIDTH + column]!, bias),
  );
const vectorOf = (id: number, scale: number) => table(scale).slice(id * WIDTH, (id + 1) * WIDTH);
const meanOf = (ids: readonly number[], scale: number) =>
  Array.from(
    { length: WIDTH },
    (_, column) => ids.reduce((sum, id) => sum + vectorOf(id, scale)[column]!, 0) / ids.length,
  );
const crossEntropyOf = (logits: readonly number[], label: number) => -Math.log(softmax(logits)[label]!);
const divergenceOf = (before: readonly number[], now: readonly number[], temperature: number) => {
  const [p, q] = [before, now].map((logits) => softmax(logits.map((each) => each / temperature)));
  return p!.reduce((sum, each, index) => sum + each * Math.log(each / q![index]!), 0);
};

const task = sequenceClassificationObjective({ classes: 2 });
const PAD = 0;
const rows = [
  [1, 4, 5, 2],
  [1, 9, 8, 2],
  [PAD, PAD, PAD, PAD],
];
const labels = [1, 0, -100];
const ints = (values: readonly (readonly number[])[]) =>
  hostTensor([values.length, values[0]!.length], values.flat(), 'i32');
/** The last row fills the batch up. */
const batch: HostBatch = {
  inputIds: ints(rows),
  attentionMask: ints([
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 0, 0, 0],
  ]),
  labels: hostTensor([3], labels, 'i32'),
};
const ownLoss =
  [0, 1].reduce((sum, row) => sum + crossEntropyOf(logitsOf(meanOf(rows[row]!, 2), 2, 1), labels[row]!), 0) / 2;

describe('learning without forgetting', () => {
  it('adds how far the earlier head strays from its answers before, at a temperature', () => {
    const model = { model: modelOf('text', 3), weights: weightsOf(1, 3, 0.5), keeps };
    const earlier = { model, fingerprint: 'a', padTokenId: PAD, of: 'texts' } as const;
    const objective = learningWithoutForgetting(task, earlier, { alpha: 0.7, temperature: 3 });
    const strays = [0, 1].map((row) =>
      divergenceOf(logitsOf(meanOf(rows[row]!, 1), 3, 0.5), logitsOf(meanOf(rows[row]!, 2), 3, 0.5), 3),
    );
    const { loss, gradient } = run(objective, batch);
    expect(loss).toBeCloseTo(ownLoss + (0.7 * (strays[0]! + strays[1]!)) / 2, 5);
    // The heads of both tasks reach the table.
    const plain = run(task, batch).gradient;
    expect(gradient).not.toEqual(plain);
    expect(gradient.slice(0, WIDTH)).toEqual([0, 0, 0]);
    expect(objective.measured).toBe(task);
    expect(objective.weighted!([1, 3]).options).toMatchObject({ objective: { classWeights: [1, 3] } });
  });

  it('asks a masked language model for a seventh of the words, which are hidden first', () => {
    const model = { model: modelOf('place', VOCABULARY), weights: weightsOf(1, VOCABULARY, 0.5), keeps };
    const [mask, special] = [3, [1, 2, 3]];
    const of = { maskTokenId: mask, specialTokenIds: special };
    const objective = learningWithoutForgetting(task, { model, fingerprint: 'a', padTokenId: PAD, of });
    const text = [1, 5, 6, 7, 8, 9, 10, 11, 4, 5, 2, PAD];
    const first = text.reduce((sum, id) => sum + (id % 7), 0) % 7;
    const places = text.flatMap((id, place) =>
      place % 7 === first && !special.includes(id) && id !== PAD ? [place] : [],
    );
    expect(places).not.toEqual([]);
    const long: HostBatch = {
      inputIds: ints([text]),
      attentionMask: ints([text.map((id) => Number(id !== PAD))]),
      labels: hostTensor([1], [1], 'i32'),
    };
    expect(objective.counts(long)).toEqual({ targets: 1, lwf: places.length });
    // A table sees only the token itself, and that is the mask wherever it is asked.
    const stray = divergenceOf(
      logitsOf(vectorOf(mask, 1), VOCABULARY, 0.5),
      logitsOf(vectorOf(mask, 2), VOCABULARY, 0.5),
      2,
    );
    const { loss } = run(objective, long);
    expect(loss).toBeCloseTo(crossEntropyOf(logitsOf(meanOf(text, 2), 2, 1), 1) + stray, 5);
    // No word of these texts has its turn: nothing is added.
    const none: HostBatch = { ...long, inputIds: ints([text.map((id) => (id === PAD ? PAD : 1))]) };
    expect(run(objective, none).loss).toBeCloseTo(run(task, none).loss, 5);
  });

  test.each([
    ['alpha', { alpha: -1 }],
    ['temperature', { temperature: 0 }],
  ])('refuses a wrong %s', (field, options) => {
    const model = { model: modelOf('text', 3), weights: new Map<string, HostTensor>() };
    const earlier = { model, fingerprint: 'a', padTokenId: PAD, of: 'texts' } as const;
    const error = expect.objectContaining({ code: 'E_CONFIG', message: expect.stringContaining(field) });
    expect(() => learningWithoutForgetting(task, earlier, options)).toThrow(error);
  });
});

describe('replay', () => {
  const earlierRows = [
    [7, 6],
    [4, 4],
    [6, 5],
  ];
  const earlierLabels = [2, 0, -100];
  const mixed: HostBatch = {
    ...batch,
    [replayedField('inputIds')]: ints(earlierRows),
    [replayedField('labels')]: hostTensor([3], earlierLabels, 'i32'),
  };
  const earlier = {
    model: { model: modelOf('text', 3), weights: weightsOf(1, 3, 0.5), keeps },
    fingerprint: 'a',
    objective: maskedLanguageModeling({ classes: 3 }),
  };

  it('is the loss of both tasks by their shares, over the table that trains and the head of before', () => {
    const objective = replay(task, earlier, { share: 0.2 });
    const before =
      [0, 1].reduce(
        (sum, row) => sum + crossEntropyOf(logitsOf(meanOf(earlierRows[row]!, 2), 3, 0.5), earlierLabels[row]!),
        0,
      ) / 2;
    expect(objective.counts(mixed)).toEqual({ targets: 2, replay: 2 });
    expect(run(objective, mixed).loss).toBeCloseTo(0.8 * ownLoss + 0.2 * before, 5);
    expect(objective.measured).toBe(task);
  });

  it('refuses a share that leaves nothing to one of them', () => {
    expect(() => replay(task, earlier, { share: 1 })).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
  });
});
