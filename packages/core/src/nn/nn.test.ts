import { type HostTensor, hostTensor, interpret, ProgramBuilder, sum, type Value } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { grad } from '../autodiff.js';
import { type LayerRewrite, type ParameterSpec, Scope } from '../scope.js';
import { activation } from './activations.js';
import { paddingBias, selfAttention } from './attention.js';
import { embeddingLayer, layerNormLayer, linear } from './layers.js';
import { firstToken, meanPooling, normalizeRows } from './pooling.js';

/** Runs a forward function whose parameters are what `weights` says. */
function run(
  inputs: Readonly<Record<string, HostTensor>>,
  weights: Readonly<Record<string, HostTensor>>,
  forward: (scope: Scope, values: Readonly<Record<string, Value>>) => Value,
  rewrites: readonly LayerRewrite[] = [],
) {
  const builder = new ProgramBuilder('test');
  const specs: ParameterSpec[] = [];
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, { type }]) => [name, builder.input(name, type)]),
  );
  const scope = new Scope({
    builder,
    rewrites,
    dropout: undefined,
    declare(spec) {
      specs.push(spec);
      return builder.input(spec.name, spec.type);
    },
  });
  const program = builder.finish({ y: forward(scope, values) });
  const given: Readonly<Record<string, HostTensor>> = { ...inputs, ...weights };
  const [y] = interpret(
    program,
    program.inputs.map(({ name }) => given[name]!),
  );
  return { y: y!, specs };
}

const rounded = ({ data }: HostTensor): readonly number[] =>
  Array.from(data, (value) => Math.round(value * 1e5) / 1e5 + 0);

describe('layers', () => {
  test('linear is x W^T + b, with a weight [out, in] at its path', () => {
    const x = hostTensor([1, 2], [1, 2]);
    const weights = { 'a.weight': hostTensor([3, 2], [1, 0, 0, 1, 1, 1]), 'a.bias': hostTensor([3], [10, 20, 30]) };
    const { y, specs } = run({ x }, weights, (scope, values) => linear(scope, 'a', values.x!, 3));
    expect(rounded(y)).toEqual([11, 22, 33]);
    expect(specs.map(({ name, type }) => [name, type.shape])).toEqual([
      ['a.weight', [3, 2]],
      ['a.bias', [3]],
    ]);
    expect(specs.every(({ initializer }) => initializer === undefined)).toBe(true);
  });

  test('rewrites see a layer by kind, path and shape, and may wrap it', () => {
    const x = hostTensor([1, 2], [1, 2]);
    const seen: unknown[] = [];
    const doubled: LayerRewrite = ({ kind, scope, shape, input, base }) => {
      seen.push([kind, scope.path, shape]);
      return kind === 'linear' ? base(base(input)) : undefined;
    };
    const weights = { 'a.weight': hostTensor([2, 2], [0, 2, 2, 0]) };
    const { y } = run({ x }, weights, (scope, values) => linear(scope, 'a', values.x!, 2, { bias: false }), [doubled]);
    expect(rounded(y)).toEqual([4, 8]);
    expect(seen).toEqual([['linear', 'a', [2, 2]]]);
  });

  test('embedding takes rows; the padding row gets no gradient', () => {
    const builder = new ProgramBuilder('test');
    const ids = builder.constant(hostTensor([3], [2, 0, 2], 'i32'));
    const scope = new Scope({
      builder,
      rewrites: [],
      dropout: undefined,
      declare: ({ name, type }) => builder.input(name, type),
    });
    const rows = embeddingLayer(scope, 'words', ids, [3, 1], { paddingIndex: 0 });
    const program = grad(builder.finish({ y: sum(rows) }), { output: 'y', wrt: ['words.weight'] });
    const outputs = interpret(program, [hostTensor([3, 1], [5, 6, 7])]);
    expect(outputs.map(rounded)).toEqual([[19], [0, 0, 2]]);
  });

  test('layer_norm has unit scale and no shift where nothing else holds it', () => {
    const x = hostTensor([1, 2], [1, 3]);
    const weights = { 'n.weight': hostTensor([2], [1, 2]), 'n.bias': hostTensor([2], [0, 5]) };
    const { y, specs } = run({ x }, weights, (scope, values) => layerNormLayer(scope, 'n', values.x!, 0));
    expect(rounded(y)).toEqual([-1, 7]);
    expect(specs.map(({ initializer }) => initializer)).toEqual([
      { kind: 'constant', value: 1 },
      { kind: 'constant', value: 0 },
    ]);
  });

  test('attention does not see what the mask hides, and stays finite', () => {
    const x = hostTensor([2, 2, 2], [1, 0, 5, 5, 1, 0, -9, 3]);
    const mask = hostTensor([2, 2], [1, 0, 1, 0], 'i32');
    const names = ['query', 'key', 'value'];
    const identity = Object.fromEntries(
      names.flatMap((name) => [
        [`${name}.weight`, hostTensor([2, 2], [1, 0, 0, 1])],
        [`${name}.bias`, hostTensor([2], [0, 0])],
      ]),
    );
    const { y } = run({ x, mask }, identity, (scope, values) =>
      selfAttention(scope, values.x!, { heads: 1, bias: paddingBias(values.mask!), dropout: 0.5 }),
    );
    expect(rounded(y)).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
  });

  test('heads that do not divide the width are an error', () => {
    const x = hostTensor([1, 1, 4], [1, 2, 3, 4]);
    expect(() => run({ x }, {}, (scope, values) => selfAttention(scope, values.x!, { heads: 3, dropout: 0 }))).toThrow(
      expect.objectContaining({ code: 'E_CONFIG' }),
    );
  });
});

describe('pooling', () => {
  const x = hostTensor([2, 2, 2], [3, 4, 100, 100, 0, 2, 0, 4]);
  const mask = hostTensor([2, 2], [1, 0, 1, 1], 'i32');

  test('the mean is over the mask', () => {
    expect(rounded(run({ x, mask }, {}, (_, values) => meanPooling(values.x!, values.mask!)).y)).toEqual([3, 4, 0, 3]);
  });

  test('the first token, and rows of unit length', () => {
    expect(rounded(run({ x }, {}, (_, values) => firstToken(values.x!)).y)).toEqual([3, 4, 0, 2]);
    const rows = hostTensor([2, 2], [3, 4, 0, 0]);
    expect(rounded(run({ rows }, {}, (_, values) => normalizeRows(values.rows!)).y)).toEqual([0.6, 0.8, 0, 0]);
  });
});

// Values of transformers 5.24's ACT2FN at -2, -0.5, 0.5, 2 and 7.
const expected: Readonly<Record<string, readonly number[]>> = {
  gelu: [-0.0455, -0.15427, 0.34573, 1.9545, 7],
  gelu_python: [-0.0455, -0.15427, 0.34573, 1.9545, 7],
  gelu_10: [-0.0455, -0.15427, 0.34573, 1.9545, 7],
  gelu_new: [-0.0454, -0.15429, 0.34571, 1.9546, 7],
  gelu_fast: [-0.0454, -0.15429, 0.34571, 1.9546, 7],
  gelu_accurate: [-0.0454, -0.15429, 0.34571, 1.9546, 7],
  gelu_pytorch_tanh: [-0.0454, -0.15429, 0.34571, 1.9546, 7],
  gelu_python_tanh: [-0.0454, -0.15429, 0.34571, 1.9546, 7],
  quick_gelu: [-0.06434, -0.14961, 0.35039, 1.93566, 6.99995],
  leaky_relu: [-0.02, -0.005, 0.5, 2, 7],
  linear: [-2, -0.5, 0.5, 2, 7],
  mish: [-0.2525, -0.22074, 0.37525, 1.94396, 6.99999],
  relu: [0, 0, 0.5, 2, 7],
  relu2: [0, 0, 0.25, 4, 49],
  relu6: [0, 0, 0.5, 2, 6],
  sigmoid: [0.1192, 0.37754, 0.62246, 0.8808, 0.99909],
  silu: [-0.23841, -0.18877, 0.31123, 1.76159, 6.99362],
  swish: [-0.23841, -0.18877, 0.31123, 1.76159, 6.99362],
  tanh: [-0.96403, -0.46212, 0.46212, 0.96403, 1],
};

test.each(Object.entries(expected))('the activation %s', (name, values) => {
  const x = hostTensor([5], [-2, -0.5, 0.5, 2, 7]);
  expect(rounded(run({ x }, {}, (_, { x: value }) => activation(name)(value!)).y)).toEqual(values);
});

test('an unknown activation is named', () => {
  expect(() => activation('toString')).toThrow(
    expect.objectContaining({ code: 'E_MODEL_UNSUPPORTED', field: 'hidden_act' }),
  );
});
