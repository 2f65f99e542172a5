/** Layers: plain functions over a scope, with PyTorch's parameter names and layouts. */
import {
  AttuneError,
  add,
  embedding as embeddingRows,
  layerNorm as normalize,
  project,
  rmsNorm as rootMeanSquareNorm,
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

export interface EmbeddingOptions {
  /** The row that gets no gradient. */
  readonly paddingIndex?: number | null;
  readonly initializer?: Initializer;
}

/** Rows of the parameter `weight` [rows, width] by i32 ids. */
export function embedding(
  scope: Scope,
  name: string,
  ids: Value,
  [rows, width]: readonly [rows: number, width: number],
  { paddingIndex = null, initializer }: EmbeddingOptions = {},
): Value {
  const layer = scope.child(name);
  const shape = [rows, width];
  const weight = () => layer.parameter('weight', shape, initializer);
  const compute = (input: Value) => embeddingRows(weight(), input, paddingIndex);
  return layer.layer({ kind: 'embedding', shape, paddingIndex, weight, compute }, ids);
}

/** Layer normalisation over the last axis; parameters `weight` and `bias`. */
export function layerNorm(scope: Scope, name: string, x: Value, epsilon: number): Value {
  const layer = scope.child(name);
  const shape = [x.type.shape.at(-1)!];
  const weight = () => layer.parameter('weight', shape, one);
  const bias = () => layer.parameter('bias', shape, zero);
  const compute = (input: Value) => normalize(input, { weight: weight(), bias: bias(), epsilon });
  return layer.layer({ kind: 'layer_norm', shape, weight, bias, compute }, x);
}

/** Root mean square normalisation over the last axis (Zhang and Sennrich 2019), as Llama has it; parameter `weight`. */
export function rmsNorm(scope: Scope, name: string, x: Value, epsilon: number): Value {
  const layer = scope.child(name);
  const shape = [x.type.shape.at(-1)!];
  const weight = () => layer.parameter('weight', shape, one);
  const compute = (input: Value) => rootMeanSquareNorm(input, weight(), epsilon);
  return layer.layer({ kind: 'rms_norm', shape, weight, compute }, x);
}

/** The size of an axis that configuration says must be a multiple of another. @throws AttuneError `E_CONFIG` */
export function dividedBy(size: number, parts: number, field: string): number {
  if (size % parts === 0) return size / parts;
  throw new AttuneError('E_CONFIG', `${field}: ${size} is not a multiple of ${parts}.`, { field });
}
