import {
  add,
  type Capabilities,
  crossEntropy,
  crossEntropyRows,
  type DType,
  type HostTensor,
  hostTensor,
  interpret,
  mean,
  mul,
  type Program,
  ProgramBuilder,
  project,
  reshape,
  sliceAxis,
  softmax,
  sum,
  tensorType,
  type Value,
  verify,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { describe, expect, it } from 'vitest';
import { grad } from '../autodiff.js';
import { fuse } from './fuse.js';
import { narrow } from './narrow.js';

const [batch, tokens, width, classes] = [2, 3, 4, 17];

interface Inputs {
  readonly hidden: Value;
  readonly weight: Value;
  readonly bias: Value;
  readonly labels: Value;
}

function programOf(loss: (inputs: Inputs) => Value, vocabulary = classes): Program {
  const builder = new ProgramBuilder('language model');
  const hidden = builder.input('hidden', tensorType([batch, tokens, width]));
  const weight = builder.input('weight', tensorType([vocabulary, width]));
  const bias = builder.input('bias', tensorType([vocabulary]));
  const labels = builder.input('labels', tensorType([batch * tokens], 'i32'));
  return builder.finish({ loss: mean(loss({ hidden, weight, bias, labels })) });
}

const inputs: readonly HostTensor[] = [
  uniform([batch, tokens, width], [-1, 1], 1),
  uniform([classes, width], [-1, 1], 2),
  uniform([classes], [-1, 1], 3),
  hostTensor([batch * tokens], [3, -100, 16, 0, 5, -100], 'i32'),
];

const claiming = (...names: readonly string[]): Capabilities => ({
  dtypes: new Set<DType>(['f32', 'i32', 'bool']),
  composites: new Set(names),
  maxBufferBytes: 2 ** 20,
});
const both = claiming('linear_cross_entropy', 'linear_cross_entropy_gradient');
const differentiated = { differentiated: true };

const rowsOf = (x: Value) => reshape(x, [-1, x.type.shape.at(-1)!]);
const withBias = ({ hidden, weight, bias, labels }: Inputs) =>
  crossEntropyRows(rowsOf(add(project(hidden, weight), bias)), labels);
const withoutBias = ({ hidden, weight, labels }: Inputs) => crossEntropyRows(project(rowsOf(hidden), weight), labels);
const biasFirst = ({ hidden, weight, bias, labels }: Inputs) =>
  crossEntropyRows(add(bias, rowsOf(project(hidden, weight))), labels);
const shifted = ({ hidden, weight, labels }: Inputs) =>
  crossEntropyRows(rowsOf(sliceAxis(project(hidden, weight), 1, 1, tokens)), sliceAxis(labels, 0, 0, 4));

const isFused = (program: Program) => program.ops.some(({ definition }) => definition.name === 'linear_cross_entropy');
const run = (program: Program) => interpret(verify(program), inputs).flatMap(({ data }) => [...data]);

describe('fuse', () => {
  it.each([
    { kind: 'with a bias', loss: withBias, wrt: ['hidden', 'weight', 'bias'] },
    { kind: 'without a bias', loss: withoutBias, wrt: ['hidden', 'weight'] },
    { kind: 'with the bias first', loss: biasFirst, wrt: ['hidden', 'weight', 'bias'] },
    { kind: 'with labels for the next token', loss: shifted, wrt: ['hidden', 'weight'] },
  ])('joins product and loss $kind, without any logits left, and keeps loss and gradients', ({ loss, wrt }) => {
    const program = programOf(loss);
    const fused = fuse(narrow(program), both, differentiated);
    expect(isFused(fused)).toBe(true);
    const gradients = grad(fused, { wrt });
    expect(gradients.types.filter(({ shape }) => shape.length > 1 && shape.at(-1) === classes)).toEqual([]);
    const [got, want] = [run(gradients), run(grad(program, { wrt }))];
    expect(got.length).toBe(want.length);
    for (const [index, value] of want.entries()) expect(got[index]).toBeCloseTo(value, 6);
  });

  it.each([
    {
      kind: 'logits that others read',
      program: programOf((given) => {
        const logits = rowsOf(project(given.hidden, given.weight));
        return add(crossEntropyRows(logits, given.labels), sum(softmax(logits), { axes: [1] }));
      }),
    },
    {
      kind: 'smoothed labels',
      program: programOf(
        ({ hidden, weight, labels }) =>
          crossEntropy(rowsOf(project(hidden, weight)), labels, { labelSmoothing: 0.1 }).loss,
      ),
    },
    {
      kind: 'logits that are scaled',
      program: programOf(({ hidden, weight, labels }) =>
        crossEntropyRows(rowsOf(mul(project(hidden, weight), 0.5)), labels),
      ),
    },
    { kind: 'few classes', program: programOf(withBias, 15) },
  ])('leaves $kind', ({ program }) => {
    expect(isFused(fuse(narrow(program), both, differentiated))).toBe(false);
  });

  it('asks for the claim of the gradient only where the program is differentiated', () => {
    const forward = claiming('linear_cross_entropy');
    const program = programOf(withBias);
    expect(isFused(fuse(program, forward))).toBe(true);
    expect(isFused(fuse(program, forward, differentiated))).toBe(false);
    expect(fuse(program, claiming())).toBe(program);
  });
});
