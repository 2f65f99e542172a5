import { describe, expect, it } from 'vitest';
import {
  type AttentionOptions,
  type HostTensor,
  hostTensor,
  interpret,
  ProgramBuilder,
  scaledDotProductAttention,
  tensorType,
} from '../index.js';
import { uniform } from '../internal.js';

const sizes = { batch: 2, heads: 2, width: 3 };

function attend(
  [queries, keys]: readonly [number, number],
  options: Pick<AttentionOptions, 'causal' | 'window'>,
  mask?: HostTensor,
): Float32Array {
  const builder = new ProgramBuilder('attention');
  const { batch, heads, width } = sizes;
  const [q, k, v] = [queries, keys, keys].map((tokens, index) =>
    builder.constant(uniform([batch, heads, tokens, width], [-1, 1], index + 1)),
  );
  const given = mask && builder.input('mask', mask.type);
  const y = scaledDotProductAttention(q!, k!, v!, { scale: 0.5, ...options, ...(given ? { mask: given } : {}) });
  const [result] = interpret(builder.finish({ y }), mask ? [mask] : []);
  return Float32Array.from(result!.data);
}

/** The same by its definition, one query at a time. */
function expected([queries, keys]: readonly [number, number], sees: (b: number, i: number, j: number) => boolean) {
  const { batch, heads, width } = sizes;
  const tensor = (tokens: number, seed: number) => uniform([batch, heads, tokens, width], [-1, 1], seed).data;
  const [q, k, v] = [tensor(queries, 1), tensor(keys, 2), tensor(keys, 3)];
  const result: number[] = [];
  for (let row = 0; row < batch * heads * queries; row++) {
    const head = Math.floor(row / queries);
    const visible = Array.from({ length: keys }, (_, j) => j).filter((j) =>
      sees(Math.floor(head / heads), row % queries, j),
    );
    const dot = (j: number) =>
      [0, 1, 2].reduce((sum, at) => sum + q[row * width + at]! * k[(head * keys + j) * width + at]!, 0);
    const weights = visible.map((j) => Math.exp(0.5 * dot(j)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let at = 0; at < width; at++) {
      const sum = visible.reduce((all, j, index) => all + weights[index]! * v[(head * keys + j) * width + at]!, 0);
      result.push(visible.length === 0 ? 0 : sum / total);
    }
  }
  return result;
}

function expectNear(got: ArrayLike<number>, want: readonly number[]): void {
  expect(got.length).toBe(want.length);
  for (const [index, value] of want.entries()) expect(got[index]).toBeCloseTo(value, 6);
}

describe('scaledDotProductAttention', () => {
  it('applies a window without causality', () => {
    expectNear(
      attend([5, 5], { window: 2 }),
      expected([5, 5], (_, i, j) => j > i - 2),
    );
  });

  it('lets a causal query see the keys up to its own, counted from the end', () => {
    expectNear(
      attend([2, 5], { causal: true, window: 3 }),
      expected([2, 5], (_, i, j) => j <= i + 3 && j > i),
    );
  });

  it('gives 0 for a query before the first key', () => {
    const want = expected([5, 3], (_, i, j) => j <= i - 2);
    expect(want.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    expectNear(attend([5, 3], { causal: true }), want);
  });

  it('gives 0 for a causal query on left padding, and for a batch row without a token', () => {
    const mask = hostTensor([2, 1, 1, 3], [0, 1, 1, 0, 0, 0], 'bool');
    const want = expected([3, 3], (b, i, j) => b === 0 && j > 0 && j <= i);
    expectNear(attend([3, 3], { causal: true }, mask), want);
  });

  it('takes a mask of queries and keys alone', () => {
    const mask = hostTensor([2, 3], [1, 0, 1, 0, 0, 0], 'bool');
    expectNear(
      attend([2, 3], {}, mask),
      expected([2, 3], (_, i, j) => i === 0 && j !== 1),
    );
  });

  it('refuses a mask of another shape', () => {
    const mask = { type: tensorType([4, 4], 'bool'), data: new Uint8Array(16) };
    expect(() => attend([2, 3], {}, mask)).toThrow(/do not broadcast/);
  });
});
