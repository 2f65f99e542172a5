/** The program of every op of the fixtures, by its name there. */
import { grad } from '@attune/core/internal';
import type { HostTensor, ProgramBuilder, Value } from '@attune/ir';
import * as ir from '@attune/ir';
import { noisy } from '@attune/strategies/internal';
import type { GoldenCase } from './golden-file.js';
import { quantizedBuilders } from './quantized-builders.js';
import { recurrentBuilders } from './recurrent-builders.js';

type Named = Readonly<Record<string, Value>>;
/** Undefined for a case of the op that does not exist yet. */
export type OpBuilder = (
  inputs: Named,
  attributes: GoldenCase['attributes'],
  builder: ProgramBuilder,
  /** What the host made of the inputs, for ops of files. */
  onHost?: ReadonlyMap<string, HostTensor>,
) => Named | undefined;

const unary =
  (apply: (x: Value) => Value): OpBuilder =>
  ({ x }) => ({ y: apply(x!) });

const binary =
  (apply: (a: Value, b: Value) => Value): OpBuilder =>
  ({ a, b }) => ({ y: apply(a!, b!) });

const number = (value: unknown): number => Number(value);
const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : [Number(value)]);
const optional = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

const reduction =
  (reduce: (x: Value, options: ir.ReduceOptions) => Value): OpBuilder =>
  ({ x }, { dim, keepdim }) => ({
    y: reduce(x!, { ...(dim === null || dim === undefined ? {} : { axes: numbers(dim) }), keepAxes: keepdim === true }),
  });

const loss =
  (elements: (input: Value, target: Value, attributes: GoldenCase['attributes'], inputs: Named) => Value): OpBuilder =>
  (inputs, attributes) => {
    const input = inputs.input ?? inputs.logits;
    const each = elements(input!, inputs.target!, attributes, inputs);
    const { reduction: kind } = attributes;
    if (kind === 'batchmean') return { y: ir.div(ir.sum(each), input!.type.shape[0]!) };
    return { y: ir.reduceLoss(each, kind === 'sum' || kind === 'none' ? kind : 'mean') };
  };

/** All inputs named x0, x1, …, in order. */
function sequence(inputs: Named): [Value, ...Value[]] {
  const names = Object.keys(inputs).sort((a, b) => number(a.slice(1)) - number(b.slice(1)));
  const [first, ...others] = names.map((name) => inputs[name]!);
  return [first!, ...others];
}

const toBool = (x: Value): Value => ir.cast(x, 'bool');

export const opBuilders: Readonly<Record<string, OpBuilder>> = {
  ...quantizedBuilders,
  ...recurrentBuilders,
  conv1d: ({ x, weight, bias }, { stride, padding, dilation, groups }) => ({
    y: ir.conv1d(x!, weight!, {
      ...(bias ? { bias } : {}),
      stride: number(stride),
      padding: number(padding),
      dilation: number(dilation),
      groups: number(groups),
    }),
  }),
  abs: unary(ir.abs),
  add: binary(ir.add),
  neftune: ({ x, u }, { alpha }) => ({ y: noisy(x!, u!, number(alpha)) }),
  alibi: ({ mask }, { heads }) => ({ y: ir.alibiBias(ir.cast(mask!, 'i32'), number(heads)) }),
  argmax({ x }, { dim, keepdim }) {
    const axis = ir.normalizeAxis(number(dim), x!.type.shape.length);
    const y = ir.argmax(x!, axis);
    return {
      y:
        keepdim === true
          ? ir.reshape(
              y,
              x!.type.shape.map((size, other) => (other === axis ? 1 : size)),
            )
          : y,
    };
  },
  batch_norm: ({ x, weight, bias, running_mean, running_var }, { eps }) => ({
    y: ir.batchNormInference(
      x!,
      { mean: running_mean!, variance: running_var! },
      { weight: weight!, bias: bias!, epsilon: number(eps) },
    ),
  }),
  binary_cross_entropy_with_logits: loss((input, target, _, { pos_weight, weight }) => {
    const each = ir.binaryCrossEntropyWithLogits(input, target, pos_weight);
    return weight ? ir.mul(each, weight) : each;
  }),
  clamp: ({ x }, { min, max }) => ({ y: ir.clamp(x!, optional(min), optional(max)) }),
  concat: (inputs, { dim }) => ({ y: ir.concat(sequence(inputs), number(dim)) }),
  cos: unary(ir.cos),
  cross_entropy: crossEntropy,
  cumsum: ({ x }, { dim }) => ({ y: ir.cumsum(x!, number(dim)) }),
  div: binary(ir.div),
  einsum: ({ a, b }, { equation }) => ({ y: ir.einsum(String(equation), a!, b!) }),
  embedding: ({ weight, ids }, { padding_idx }) => ({ y: ir.embedding(weight!, ids!, optional(padding_idx) ?? null) }),
  erf: unary(ir.erf),
  exp: unary(ir.exp),
  expand: ({ x }, { to }) => ({ y: ir.expand(x!, numbers(to)) }),
  flip: ({ x }, { dims }) => ({ y: ir.flip(x!, numbers(dims)) }),
  gather: ({ x, index }, { dim }) => ({ y: ir.takeElements(x!, index!, number(dim)) }),
  gelu: unary(ir.gelu),
  gelu_tanh: unary(ir.geluTanh),
  group_norm: ({ x, weight, bias }, { groups, eps }) => ({
    y: ir.groupNorm(x!, number(groups), { weight: weight!, bias: bias!, epsilon: number(eps) }),
  }),
  huber: loss((input, target, { delta }) => ir.huber(input, target, number(delta))),
  index_select: ({ x, index }, { dim }) => ({
    y: ir.gather(x!, index!, ir.normalizeAxis(number(dim), x!.type.shape.length)),
  }),
  kl_div: loss((input, target, { log_target }) => ir.klDivergence(input, target, { logTarget: log_target === true })),
  layer_norm: ({ x, weight, bias }, { normalized_shape, eps }) => ({
    y: ir.layerNorm(x!, {
      ...(weight ? { weight } : {}),
      ...(bias ? { bias } : {}),
      epsilon: number(eps),
      axes: numbers(normalized_shape).length,
    }),
  }),
  linear: ({ x, weight, bias }) => ({ y: bias ? ir.add(ir.project(x!, weight!), bias) : ir.project(x!, weight!) }),
  log: unary(ir.log),
  log_softmax: ({ x }, { dim }) => ({ y: ir.logSoftmax(x!, number(dim)) }),
  logsumexp: reduction(ir.logSumExp),
  matmul: ({ a, b }, { transpose_a, transpose_b }) => ({
    y: ir.matmul(a!, b!, { transposeA: transpose_a === true, transposeB: transpose_b === true }),
  }),
  max: reduction(ir.maximumOver),
  maximum: binary(ir.maximum),
  mean: reduction(ir.mean),
  min: reduction(ir.minimumOver),
  minimum: binary(ir.minimum),
  mse: loss(ir.squaredError),
  mul: binary(ir.mul),
  neg: unary(ir.neg),
  one_hot: ({ ids }, { classes }) => ({ y: ir.oneHot(ids!, number(classes)) }),
  pad({ x }, { pad, value }) {
    const pairs = Array.isArray(pad) ? pad.map(numbers) : [];
    const added = (index: 0 | 1) => pairs.map((pair) => Math.max(pair[index]!, 0));
    const cropped = ir.slice(
      x!,
      pairs.map(([low]) => Math.max(-low!, 0)),
      pairs.map(([, high], axis) => x!.type.shape[axis]! + Math.min(high!, 0)),
    );
    return {
      y: ir.pad(cropped, { low: added(0), high: added(1), interior: pairs.map(() => 0), value: number(value) }),
    };
  },
  permute: ({ x }, { dims }) => ({ y: ir.permute(x!, numbers(dims)) }),
  pow: ({ a, b, x }, { exponent }) => ({ y: ir.pow(a ?? x!, b ?? number(exponent)) }),
  relu: unary(ir.relu),
  reshape: ({ x }, { to }) => ({ y: ir.reshape(x!, numbers(to)) }),
  rms_norm: ({ x, weight }, { eps }) => ({ y: ir.rmsNorm(x!, weight!, number(eps)) }),
  rotary_embedding({ x, positions }, { base, rotary_dim, style }) {
    const options = {
      base: number(base),
      rotaryDimension: number(rotary_dim),
      style: style === 'half' ? 'half' : 'interleaved',
    } as const;
    const angles = ir.rotaryAngles(positions!, options);
    return { y: ir.rotaryEmbedding(x!, angles, options), ...angles };
  },
  rsqrt: unary(ir.rsqrt),
  scaled_dot_product_attention({ q, k, v, key_mask, mask, bias }, { scale, causal, window }) {
    const keys = key_mask && ir.reshape(toBool(key_mask), [key_mask.type.shape[0]!, 1, 1, key_mask.type.shape[1]!]);
    const visible = mask ? toBool(mask) : keys;
    const options = {
      scale: number(scale),
      causal: causal === true,
      ...(optional(window) === undefined ? {} : { window: number(window) }),
      ...(bias ? { bias } : {}),
      ...(visible ? { mask: visible } : {}),
    };
    return { y: ir.scaledDotProductAttention(q!, k!, v!, options) };
  },
  scatter_add: ({ x, index, src }, { dim }) => ({
    y: ir.scatterAddElements(x!, index!, croppedLike(src!, index!), number(dim)),
  }),
  second_order: secondOrder,
  sigmoid: unary(ir.logistic),
  silu: unary(ir.silu),
  sin: unary(ir.sin),
  slice({ x }, { ranges }) {
    const given: readonly unknown[] = Array.isArray(ranges) ? ranges : [];
    const bounds = x!.type.shape.map((size, axis) => {
      const range = given[axis];
      const [start, stop, step] = Array.isArray(range) ? range : [];
      const at = (value: unknown, fallback: number) => {
        const position = optional(value) ?? fallback;
        return Math.min(size, Math.max(0, position < 0 ? position + size : position));
      };
      return { start: at(start, 0), stop: at(stop, size), step: optional(step) ?? 1 };
    });
    const column = (key: 'start' | 'stop' | 'step') => bounds.map((bound) => bound[key]);
    return { y: ir.slice(x!, column('start'), column('stop'), column('step')) };
  },
  softmax: ({ x }, { dim }) => ({ y: ir.softmax(x!, number(dim)) }),
  sort: ({ x }, { dim, descending }) => ir.sort(x!, { axis: number(dim), descending: descending === true }),
  split({ x }, { sizes, dim }) {
    const parts = ir.split(x!, Array.isArray(sizes) ? numbers(sizes) : number(sizes), number(dim));
    return Object.fromEntries(parts.map((part, index) => [`y${index}`, part]));
  },
  sqrt: unary(ir.sqrt),
  stack: (inputs, { dim }) => ({ y: ir.stack(sequence(inputs), number(dim)) }),
  sub: binary(ir.sub),
  sum: reduction(ir.sum),
  take_along_axis: ({ x, index }, { dim }) => ({ y: ir.takeAlongAxis(x!, index!, number(dim)) }),
  tanh: unary(ir.tanh),
  topk: ({ x }, { k, dim, largest }) => ir.topK(x!, number(k), { axis: number(dim), largest: largest === true }),
  transpose: ({ x }, { dims }) => ({ y: ir.swapAxes(x!, numbers(dims)[0]!, numbers(dims)[1]!) }),
  tril: ({ x }, { diagonal, upper }) => ({ y: ir.triangle(x!, { diagonal: number(diagonal), upper: upper === true }) }),
  var: reduction(ir.variance),
  where: ({ condition, a, b }) => ({ y: ir.select(toBool(condition!), a!, b!) }),
};

/** torch's scatter_add reads only the part of src that index covers. */
const croppedLike = (src: Value, index: Value): Value =>
  ir.slice(
    src,
    index.type.shape.map(() => 0),
    index.type.shape,
  );

function crossEntropy(inputs: Named, attributes: GoldenCase['attributes']): Named {
  const { logits, target, weight } = inputs;
  const { shape } = logits!.type;
  const classes = shape[1]!;
  const last = ir.permute(logits!, [0, ...shape.slice(2).map((_, axis) => axis + 2), 1]);
  const { loss: each, weight: weights } = ir.crossEntropy(ir.reshape(last, [-1, classes]), ir.reshape(target!, [-1]), {
    ignoreIndex: number(attributes.ignore_index),
    labelSmoothing: number(attributes.label_smoothing),
    ...(weight ? { classWeights: weight } : {}),
  });
  if (attributes.reduction === 'none') return { y: ir.reshape(each, target!.type.shape) };
  return { y: attributes.reduction === 'sum' ? ir.sum(each) : ir.div(ir.sum(each), ir.sum(weights)) };
}

/** A two-layer network, the gradient norm of its loss, and Hessian-vector products: gradients of gradients. */
function secondOrder(inputs: Named, _: GoldenCase['attributes'], builder: ProgramBuilder): Named {
  const parameters = ['w1', 'b1', 'w2', 'b2'];
  const names = ['x', 'target', ...parameters];
  const gradients = grad(networkLoss(inputs, names), { wrt: parameters });
  const [value, ...byParameter] = ir.inline(
    builder,
    gradients,
    names.map((name) => inputs[name]!),
  );
  const total = (values: readonly Value[]) => values.reduce((sum, each) => ir.add(sum, each));
  if (!inputs.v_w1) return { loss: value!, gradnorm: total(byParameter.map((each) => ir.sum(ir.mul(each, each)))) };
  const inner = new ir.ProgramBuilder('gradient along v');
  const own = Object.fromEntries(
    [...names, ...parameters.map((name) => `v_${name}`)].map((name) => [name, inner.input(name, inputs[name]!.type)]),
  );
  const [, ...along] = ir.inline(
    inner,
    gradients,
    names.map((name) => own[name]!),
  );
  const dot = total(along.map((each, index) => ir.sum(ir.mul(each, own[`v_${parameters[index]}`]!))));
  const hessian = grad(inner.finish({ dot }), { wrt: parameters });
  const [, ...products] = ir.inline(
    builder,
    hessian,
    hessian.inputs.map(({ name }) => inputs[name]!),
  );
  return Object.fromEntries(parameters.map((name, index) => [name, products[index]!]));
}

function networkLoss(inputs: Named, names: readonly string[]): ir.Program {
  const builder = new ir.ProgramBuilder('network');
  const [x, target, w1, b1, w2, b2] = names.map((name) => builder.input(name, inputs[name]!.type));
  const hidden = ir.tanh(ir.add(ir.project(x!, w1!), b1!));
  return builder.finish({ loss: ir.mean(ir.squaredError(ir.add(ir.project(hidden, w2!), b2!), target!)) });
}
