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
  return layer.layer('linear', x, [outFeatures, inFeatures], (input) => {
    const product = project(input, layer.parameter('weight', [outFeatures, inFeatures], initializer));
    return bias ? add(product, layer.parameter('bias', [outFeatures], initializer && zero)) : product;
  });
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
  return layer.layer(
    'embedding',
    ids,
    [rows, width],
    (input) => embeddingRows(layer.parameter('weight', [rows, width], initializer), input, paddingIndex),
    { paddingIndex },
  );
}

/** Layer normalisation over the last axis; parameters `weight` and `bias`. */
export function layerNorm(scope: Scope, name: string, x: Value, epsilon: number): Value {
  const layer = scope.child(name);
  const width = x.type.shape.at(-1)!;
  return layer.layer('layer_norm', x, [width], (input) =>
    normalize(input, {
      weight: layer.parameter('weight', [width], one),
      bias: layer.parameter('bias', [width], zero),
      epsilon,
    }),
  );
}

/** Root mean square normalisation over the last axis (Zhang and Sennrich 2019), as Llama has it; parameter `weight`. */
export function rmsNorm(scope: Scope, name: string, x: Value, epsilon: number): Value {
  const layer = scope.child(name);
  const width = x.type.shape.at(-1)!;
  return layer.layer('rms_norm', x, [width], (input) =>
    rootMeanSquareNorm(input, layer.parameter('weight', [width], one), epsilon),
  );
}

/** The size of an axis that configuration says must be a multiple of another. @throws AttuneError `E_CONFIG` */
export function dividedBy(size: number, parts: number, field: string): number {
  if (size % parts === 0) return size / parts;
  throw new AttuneError('E_CONFIG', `${field}: ${size} is not a multiple of ${parts}.`, { field });
}
