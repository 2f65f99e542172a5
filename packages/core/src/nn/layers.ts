/** Layers: plain functions over a scope, with PyTorch's parameter names and layouts. */
import {
  AttuneError,
  add,
  batchNormInference,
  broadcastTo,
  cast,
  div,
  embedding as embeddingRows,
  maximum,
  mul,
  layerNorm as normalize,
  project,
  reduceSum,
  reshape,
  rmsNorm as rootMeanSquareNorm,
  sub,
  type Value,
} from '@attune/ir';
import type { Initializer } from '../initializer.js';
import type { Scope } from '../scope.js';

const zero: Initializer = { kind: 'constant', value: 0 };
const one: Initializer = { kind: 'constant', value: 1 };

export interface LinearOptions {
  /** Whether there is a bias; true by default. */
  readonly bias?: boolean;
  /** How the weight starts where no file holds it; the bias starts at 0. Absent: both must come from a file. */
  readonly initializer?: Initializer;
}

/** x W^T + b over the last axis; parameters `weight` [out, in] and `bias` [out]. */
export function linear(
  scope: Scope,
  name: string,
  x: Value,
  outFeatures: number,
  { bias = true, initializer }: LinearOptions = {},
): Value {
  const layer = scope.child(name);
  const inFeatures = x.type.shape.at(-1)!;
  const shape = [outFeatures, inFeatures];
  const packed = layer.packedWeight('weight');
  const weight = () => packed?.values(layer, shape) ?? layer.parameter('weight', shape, initializer);
  const shift = bias ? () => layer.parameter('bias', [outFeatures], initializer && zero) : undefined;
  const compute = (input: Value) => {
    const product = packed?.product(layer, input, shape) ?? project(input, weight());
    return shift ? add(product, shift()) : product;
  };
  return layer.layer({ kind: 'linear', shape, weight, bias: shift, compute }, x);
}

export interface EmbeddingLayerOptions {
  /** The row that gets no gradient. */
  readonly paddingIndex?: number | null;
  readonly initializer?: Initializer;
}

/** Rows of the parameter `weight` [rows, width] by i32 ids. */
export function embeddingLayer(
  scope: Scope,
  name: string,
  ids: Value,
  [rows, width]: readonly [rows: number, width: number],
  { paddingIndex = null, initializer }: EmbeddingLayerOptions = {},
): Value {
  const layer = scope.child(name);
  const shape = [rows, width];
  const weight = () => layer.parameter('weight', shape, initializer);
  const compute = (input: Value) => embeddingRows(weight(), input, paddingIndex);
  return layer.layer({ kind: 'embedding', shape, paddingIndex, weight, compute }, ids);
}

/** Layer normalisation over the last axis; parameters `weight` and `bias`. */
export function layerNormLayer(scope: Scope, name: string, x: Value, epsilon: number): Value {
  const layer = scope.child(name);
  const shape = [x.type.shape.at(-1)!];
  const weight = () => layer.parameter('weight', shape, one);
  const bias = () => layer.parameter('bias', shape, zero);
  const compute = (input: Value) => normalize(input, { weight: weight(), bias: bias(), epsilon });
  return layer.layer({ kind: 'layer_norm', shape, weight, bias, compute }, x);
}

export interface RmsNormOptions {
  /** Whether the factor is 1 + `weight`, as in Gemma, and not `weight`; false by default. */
  readonly addsOne?: boolean;
}

/** Root mean square normalisation over the last axis (Zhang and Sennrich 2019), as Llama has it; parameter `weight`. */
export function rmsNormLayer(
  scope: Scope,
  name: string,
  x: Value,
  epsilon: number,
  { addsOne = false }: RmsNormOptions = {},
): Value {
  const layer = scope.child(name);
  const shape = [x.type.shape.at(-1)!];
  const weight = () => layer.parameter('weight', shape, addsOne ? zero : one);
  const compute = (input: Value) => rootMeanSquareNorm(input, addsOne ? add(weight(), 1) : weight(), epsilon);
  return layer.layer({ kind: 'rms_norm', shape, weight, compute }, x);
}

export interface BatchNormOptions {
  /** 1e-5 by default. */
  readonly epsilon?: number;
  /** The share of a batch in the running mean and variance; 0.1 by default. */
  readonly momentum?: number;
  /** bool [rows], which of them count; all by default. */
  readonly counted?: Value;
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) of x [rows, width], as torch.nn.BatchNorm1d: in training by mean and variance of
 * the batch, else by the running ones. Parameters `weight` and `bias`, buffers `running_mean` and `running_var`.
 */
export function batchNorm(
  scope: Scope,
  name: string,
  x: Value,
  { epsilon = 1e-5, momentum = 0.1, counted }: BatchNormOptions = {},
): Value {
  const layer = scope.child(name).ofKind('batch_norm');
  const [rows, width] = x.type.shape as [number, number];
  const running = {
    mean: layer.buffer('running_mean', [width], zero),
    variance: layer.buffer('running_var', [width], one),
  };
  const affine = {
    weight: layer.parameter('weight', [width], one),
    bias: layer.parameter('bias', [width], zero),
    epsilon,
  };
  if (!layer.training) return batchNormInference(x, running, affine);
  const weights = counted ? cast(reshape(counted, [rows, 1]), 'f32') : broadcastTo(x.builder.scalar(1), [rows, 1]);
  const count = maximum(reduceSum(weights, [0, 1]), 1);
  const meanOf = (values: Value) => div(reduceSum(mul(values, weights), [0]), count);
  const mean = meanOf(x);
  const centered = sub(x, mean);
  const variance = meanOf(mul(centered, centered));
  const unbiased = mul(variance, div(count, maximum(sub(count, 1), 1)));
  const next = (before: Value, measured: Value) => add(mul(before, 1 - momentum), mul(measured, momentum));
  layer.updateBuffer('running_mean', next(running.mean, mean));
  layer.updateBuffer('running_var', next(running.variance, unbiased));
  return batchNormInference(x, { mean, variance }, affine);
}

/** The size of an axis that configuration says must be a multiple of another. @throws AttuneError `E_CONFIG` */
export function dividedBy(size: number, parts: number, field: string): number {
  if (size % parts === 0) return size / parts;
  throw new AttuneError('E_CONFIG', `${field}: ${size} is not a multiple of ${parts}.`, { field });
}
