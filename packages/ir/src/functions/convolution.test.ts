import { describe, expect, it } from 'vitest';
import { hostTensor, interpret, ProgramBuilder } from '../index.js';
import { type Conv1dOptions, conv1d } from './convolution.js';
import { gru } from './gru.js';

describe('conv1d', () => {
  const convolve = (x: readonly number[], weight: readonly number[], options: Conv1dOptions) => {
    const builder = new ProgramBuilder('conv1d');
    const [input, kernel] = [hostTensor([1, 1, x.length], x), hostTensor([1, 1, weight.length], weight)];
    const y = conv1d(builder.input('x', input.type), builder.input('weight', kernel.type), options);
    return Array.from(interpret(builder.finish({ y }), [input, kernel])[0]!.data);
  };

  it('multiplies windows, with padding, strides and gaps', () => {
    expect(convolve([1, 2, 3, 4], [1, 10], {})).toEqual([21, 32, 43]);
    expect(convolve([1, 2, 3, 4], [1, 10], { padding: 1, stride: 2 })).toEqual([10, 32, 4]);
    expect(convolve([1, 2, 3, 4], [1, 10], { dilation: 2 })).toEqual([31, 42]);
  });

  it.each<readonly [readonly number[], Conv1dOptions]>([
    [[1, 2, 3], {}],
    [[1], { groups: 2 }],
  ])('refuses a window of %j over two positions with %j', (weight, options) => {
    expect(() => convolve([1, 2], weight, options)).toThrowError(expect.objectContaining({ code: 'E_SHAPE' }));
  });
});

it('a GRU whose update gate is open keeps its state', () => {
  const builder = new ProgramBuilder('gru');
  const constant = (shape: readonly number[], values: readonly number[]) => builder.constant(hostTensor(shape, values));
  const x = builder.input('x', { shape: [3, 1, 1], dtype: 'f32' });
  const weights = {
    inputWeight: constant([3, 1], [0, 0, 1]),
    hiddenWeight: constant([3, 1], [0, 0, 0]),
    inputBias: constant([3], [0, 100, 0]),
    hiddenBias: constant([3], [0, 0, 0]),
  };
  const { outputs, final } = gru(x, weights, { initial: constant([1, 1], [0.5]) });
  const results = interpret(builder.finish({ outputs, final }), [hostTensor([3, 1, 1], [1, -2, 3])]);
  expect(results.map(({ data }) => Array.from(data))).toEqual([[0.5, 0.5, 0.5], [0.5]]);
});
