import {
  add,
  dropout,
  gelu,
  type HostTensor,
  hostTensor,
  interpret,
  layerNorm,
  mul,
  type Program,
  ProgramBuilder,
  print,
  project,
  reduceSum,
  reshape,
  rmsNorm,
  scaledDotProductAttention,
  slice,
  sliceAxis,
  softmax,
  tensorType,
  transpose,
  type Value,
  verify,
} from '@attune/ir';
import { decomposeAll, uniform } from '@attune/ir/internal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grad } from '../autodiff.js';
import { axisGroups } from './axis-groups.js';
import { narrow } from './narrow.js';
import { unfuse } from './unfuse.js';

const [batch, tokens, width, heads] = [2, 5, 8, 2];

function programOf(body: (x: Value, w: Value, key: Value) => Value): Program {
  const builder = new ProgramBuilder('narrow');
  const x = builder.input('x', tensorType([batch, tokens, width]));
  const w = builder.input('w', tensorType([width, width]));
  const key = builder.input('key', tensorType([2], 'u32'));
  return builder.finish({ y: body(x, w, key) });
}

const inputs: readonly HostTensor[] = [
  uniform([batch, tokens, width], [-1, 1], 1),
  uniform([width, width], [-1, 1], 2),
  hostTensor([2], [7, 9], 'u32'),
];

const run = (program: Program, given = inputs): number[] =>
  interpret(verify(program), given).flatMap(({ data }) => [...data]);

/** The largest number of elements that a product of the program makes. */
function largestProduct(program: Program): number {
  const { ops, types } = decomposeAll(program);
  const products = ops.filter(({ definition }) => definition.name === 'dot_general');
  return Math.max(...products.map(({ outputs }) => types[outputs[0]!]!.shape.reduce((a, b) => a * b, 1)));
}

const split = (x: Value) => transpose(reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);

const unclaimed = { dtypes: new Set<never>(), composites: new Set<string>(), maxBufferBytes: 0 };

/** A transformer layer, of which only the first token is read. */
function firstTokenOfLayer(x: Value, w: Value, key: Value): Value {
  const [q, k, v] = [split(project(x, w)), split(x), split(mul(x, 2))];
  const attended = scaledDotProductAttention(q, k, v, {
    scale: 0.5,
    dropout: { key, rate: 0.5, site: 1 },
  });
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [batch, tokens, width]);
  const settled = layerNorm(add(dropout(joined, key, { rate: 0.25, site: 2 }), x));
  const widened = gelu(project(project(settled, w), w));
  return reshape(sliceAxis(add(widened, settled), 1, 0, 1), [batch, width]);
}

describe('narrow', () => {
  it.each([
    { kind: 'fused', program: programOf(firstTokenOfLayer) },
    { kind: 'unfused', program: unfuse(programOf(firstTokenOfLayer), unclaimed) },
  ])('computes a layer for its first token alone, with the same dropout masks: $kind attention', ({ program }) => {
    const narrowed = narrow(program);
    expect(run(narrowed)).toEqual(run(program));
    expect(largestProduct(program)).toBe(batch * heads * tokens * tokens);
    expect(largestProduct(narrowed)).toBe(batch * heads * tokens);
    expect(narrowed.ops.filter(({ definition }) => definition.name === 'layer_norm')).toHaveLength(1);
  });

  it('leaves the gradients as they are', () => {
    const program = programOf((x, w, key) => reduceSum(firstTokenOfLayer(x, w, key), [0, 1]));
    const options = { output: 'y', wrt: ['x', 'w'] };
    const [got, want] = [run(grad(narrow(program), options)), run(grad(program, options))];
    for (const [index, value] of want.entries()) expect(got[index]).toBeCloseTo(value, 5);
  });

  it('takes for several readers the window that holds all of them', () => {
    const program = programOf((x) => {
      const y = mul(x, 3);
      return add(sliceAxis(y, 1, 0, 1), sliceAxis(y, 1, 2, 3));
    });
    const narrowed = narrow(program);
    expect(run(narrowed)).toEqual(run(program));
    expect(print(narrowed)).toContain(`[${batch},3,${width}]`);
  });

  it('keeps the numbers of causal queries, also where queries are the keys themselves', () => {
    const program = programOf((x, _, key) => {
      const all = split(x);
      const dropped = { key, rate: 0.5, site: 1 };
      const attended = scaledDotProductAttention(all, all, all, {
        scale: 1,
        causal: true,
        window: 2,
        dropout: dropped,
      });
      return sliceAxis(attended, 2, 2, 4);
    });
    const narrowed = narrow(program);
    expect(run(narrowed)).toEqual(run(program));
    expect(largestProduct(narrowed)).toBe(batch * heads * 2 * tokens);
  });

  it('computes norms of the rows that are read alone', () => {
    const program = programOf((x, w) => {
      const scale = reduceSum(w, [0]);
      return sliceAxis(add(rmsNorm(x, scale, 1e-6), layerNorm(x, { weight: scale })), 1, 3, 4);
    });
    const narrowed = narrow(program);
    expect(run(narrowed)).toEqual(run(program));
    const norms = narrowed.ops.filter(({ definition }) => /_norm$/.test(definition.name));
    expect(norms.map(({ outputs }) => narrowed.types[outputs[0]!]!.shape)).toEqual([
      [batch, 1, width],
      [batch, 1, width],
    ]);
  });

  it('computes whole what it has no rule for', () => {
    const program = programOf((x) => sliceAxis(softmax(x, 1), 1, 1, 2));
    expect(run(narrow(program))).toEqual(run(program));
  });

  it('cuts strided slices of reshapes right', () => {
    const ranges = fc.tuple(fc.nat(19), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3 }));
    const shapes = fc.constantFrom([20, 4], [4, 5, 4], [2, 10, 2, 2], [80], [8, 1, 10]);
    fc.assert(
      fc.property(shapes, shapes, ranges, (through, shape, [from, count, stride]) => {
        const program = programOf((x) => {
          const y = reshape(mul(reshape(x, through), 2), shape);
          const start = shape.map((size) => Math.min(from, size - 1));
          const limit = shape.map((size, axis) => Math.min(size, start[axis]! + count));
          return slice(
            y,
            start,
            limit,
            shape.map(() => stride),
          );
        });
        expect(run(narrow(program))).toEqual(run(program));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('axisGroups', () => {
  it.each([
    [[4, 6, 5], [4, 2, 3, 5], '0:0 1:1,2 2:3'],
    [[6, 4], [4, 6], '0,1:0,1'],
    [[1, 6, 1], [2, 3], '1:0,1'],
    [[], [1], ''],
  ])('%j to %j', (from, to, expected) => {
    expect(
      axisGroups(from, to)
        .map((group) => `${group.from}:${group.to}`)
        .join(' '),
    ).toBe(expected);
  });
});
