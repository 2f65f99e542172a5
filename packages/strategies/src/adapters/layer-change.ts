/** How a layer changes, said once: applied to inputs it is the forward pass, multiplied out it is the merged weight. */
import type { WeightLayerCall } from '@attune/core';
import { AttuneError, add, embedding, matmul, mul, project, reshape, sub, transpose, type Value } from '@attune/ir';

/** A matrix [out, in], a factor for each element [width], or one factor for all. */
export type LinearMap = { readonly matrix: Value } | { readonly scale: Value | number };

/** The change of a layer with the weight W and the bias b. */
export interface LayerChange {
  /**
   * Added to W, as linear maps of which the first reads the input; the first one for an embedding is a matrix. Empty for a
   * change by `input` and `output` alone.
   */
  readonly delta: readonly LinearMap[];
  /** Taken away from W, by maps that no dropout is on. */
  readonly start?: readonly LinearMap[] | undefined;
  /** Added to b. */
  readonly bias?: Value | undefined;
  /** Dropout on the input of the delta while training; 0 by default. */
  readonly dropout?: { readonly rate: number; readonly site: string };
  /** Factors [out] on the outputs but b, from the matrix [out, in] of W with the delta; of W alone if there is none. */
  readonly outputScale?: (changed: Value) => Value;
  /** What the layer reads is mapped by it first: [in, in], or a factor for each input. */
  readonly input?: LinearMap;
  /** Factors [out] on the outputs, b included. */
  readonly output?: Value;
}

/** The outputs of a layer that is changed so. */
export function changedOutput(given: WeightLayerCall, change: LayerChange): Value {
  const call = change.start ? lessStart(given, change.start) : given;
  const { delta, bias, dropout, outputScale } = change;
  const { kind, input, base } = call;
  if (delta.length === 0) {
    const read = base(change.input ? applied([change.input], input) : input);
    const outputs = outputScale ? scaledButBias(call, read, outputScale(outByIn(call, call.weight()))) : read;
    return change.output ? mul(outputs, change.output) : outputs;
  }
  const dropped = dropout && kind !== 'embedding' ? call.scope.dropout(input, dropout.rate, dropout.site) : input;
  const update = kind === 'embedding' ? lookedUp(call, delta) : applied(delta, dropped);
  const shifted = bias ? add(update, bias) : update;
  if (!outputScale) return add(base(input), shifted);
  const factors = outputScale(add(outByIn(call, call.weight()), matrixOf(delta)));
  if (dropped !== input) {
    const again = project(dropped, call.weight());
    return add(add(base(input), mul(again, sub(factors, 1))), mul(shifted, factors));
  }
  return scaledButBias(call, base(input), factors, shifted);
}

/** Outputs with something added to them and factors on them, but for the layer's bias. */
function scaledButBias(call: WeightLayerCall, outputs: Value, factors: Value, added?: Value): Value {
  const own = call.bias?.();
  const product = own ? sub(outputs, own) : outputs;
  const scaled = mul(added ? add(product, added) : product, factors);
  return own ? add(scaled, own) : scaled;
}

/** The layer as if its weight were less by the maps. */
const lessStart = (call: WeightLayerCall, start: readonly LinearMap[]): WeightLayerCall => ({
  ...call,
  weight: () => sub(call.weight(), matrixOf(start)),
  base: (input) => sub(call.base(input), applied(start, input)),
});

/** The layer's weight with the change in it. */
export function changedWeight(
  layer: Pick<WeightLayerCall, 'kind' | 'weight'>,
  { delta, start, outputScale, input, output }: LayerChange,
  sign: 1 | -1 = 1,
): Value {
  if (delta.length === 0) {
    const read = input ? readThrough(layer.weight(), input) : layer.weight();
    const factors = outputScale?.(layer.weight()) ?? output;
    return factors ? mul(read, reshape(factors, [factors.type.shape[0]!, 1])) : read;
  }
  const changed = add(
    outByIn(layer, layer.weight()),
    mul(start ? sub(matrixOf(delta), matrixOf(start)) : matrixOf(delta), sign),
  );
  const factors = outputScale?.(changed);
  return outByIn(layer, factors ? mul(changed, reshape(factors, [factors.type.shape[0]!, 1])) : changed);
}

/** W M, as the layer's weight is to what comes before M. */
const readThrough = (weight: Value, map: LinearMap): Value =>
  'matrix' in map ? matmul(weight, map.matrix) : mul(weight, map.scale);

/** Between [rows, width] of an embedding and [out, in], which it is to what comes in. */
const outByIn = ({ kind }: Pick<WeightLayerCall, 'kind'>, weight: Value): Value =>
  kind === 'embedding' ? transpose(weight, [1, 0]) : weight;

const applied = (maps: readonly LinearMap[], input: Value): Value =>
  maps.reduce((x, map) => ('matrix' in map ? project(x, map.matrix) : mul(x, map.scale)), input);

function lookedUp({ input, paddingIndex, scope }: WeightLayerCall, [first, ...rest]: readonly LinearMap[]): Value {
  if (first && 'matrix' in first) return applied(rest, embedding(transpose(first.matrix, [1, 0]), input, paddingIndex));
  throw new AttuneError('E_PROGRAM', `The change of the embedding ${scope.path} does not begin with a matrix.`);
}

/** Linear maps multiplied out: [out, in]. */
function matrixOf(maps: readonly LinearMap[]): Value {
  const start = maps.findIndex((map) => 'matrix' in map);
  const first = maps[start];
  if (!first || !('matrix' in first)) throw new AttuneError('E_PROGRAM', 'The change of a layer has no matrix.');
  const before = maps
    .slice(0, start)
    .reduce((matrix, map) => ('scale' in map ? mul(matrix, map.scale) : matrix), first.matrix);
  return maps.slice(start + 1).reduce((matrix, map) => {
    if ('matrix' in map) return matmul(map.matrix, matrix);
    return typeof map.scale === 'number' || map.scale.type.shape.length === 0
      ? mul(matrix, map.scale)
      : mul(matrix, reshape(map.scale, [map.scale.type.shape[0]!, 1]));
  }, before);
}
