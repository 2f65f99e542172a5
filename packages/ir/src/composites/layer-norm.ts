import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { add } from '../primitives/add.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { div } from '../primitives/div.js';
import { mul } from '../primitives/mul.js';
import { neg } from '../primitives/neg.js';
import { reduceSum } from '../primitives/reduce-sum.js';
import { reshape } from '../primitives/reshape.js';
import { rsqrt } from '../primitives/rsqrt.js';
import { sub } from '../primitives/sub.js';
import { samplesOf } from '../samples.js';
import { expectFloat, expectInputs, shapeError } from '../shape.js';
import { elementCount, sameShape } from '../tensor.js';

export type LayerNormAttributes = { readonly epsilon: number };

/** The mean over the last axis, which keeps a size of 1. */
function lastMean(x: Value): Value {
  const { shape } = x.type;
  const axis = shape.length - 1;
  return reshape(div(reduceSum(x, [axis]), shape[axis]!), [...shape.slice(0, axis), 1]);
}

/**
 * (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis; the variance divides by N. The outputs are
 * the result, the mean and the inverse standard deviation, which the backward pass reuses.
 */
export const layerNormDefinition = defineComposite<'layer_norm', LayerNormAttributes>({
  name: 'layer_norm',
  infer(inputs) {
    expectInputs('layer_norm', inputs, 3);
    expectFloat('layer_norm', inputs);
    const [x, weight, bias] = [inputs[0]!, inputs[1]!, inputs[2]!];
    const width = x.shape.slice(-1);
    if (width.length === 0 || !sameShape(weight.shape, width) || !sameShape(bias.shape, width)) {
      throw shapeError('layer_norm', `weight and bias must have the shape [${width}]`, inputs);
    }
    const statistics = { shape: [...x.shape.slice(0, -1), 1], dtype: x.dtype };
    return [x, statistics, statistics];
  },
  decompose([x, weight, bias], { epsilon }) {
    const mean = lastMean(x!);
    const centered = sub(x!, mean);
    const inverse = rsqrt(add(lastMean(mul(centered, centered)), epsilon));
    return [add(mul(mul(centered, inverse), weight!), bias!), mean, inverse];
  },
  vjp({ inputs: [x, weight], outputs: [, mean, inverse], cotangents: [cotangent, meanCotangent, inverseCotangent] }) {
    const { shape } = x!.type;
    const width = shape.at(-1)!;
    const normalized = mul(sub(x!, mean!), inverse!);
    const rows = shape.slice(0, -1).map((_, axis) => axis);
    const parts: Value[] = [];
    if (cotangent) {
      const scaled = mul(cotangent, weight!);
      const centered = sub(sub(scaled, lastMean(scaled)), mul(normalized, lastMean(mul(scaled, normalized))));
      parts.push(mul(centered, inverse!));
    }
    if (meanCotangent) parts.push(broadcastTo(div(meanCotangent, width), shape));
    if (inverseCotangent) {
      const byVariance = mul(neg(inverseCotangent), mul(inverse!, inverse!));
      parts.push(div(mul(normalized, byVariance), width));
    }
    return [
      parts.length > 0 ? parts.reduce((sum, part) => add(sum, part)) : undefined,
      cotangent && reduceSum(mul(cotangent, normalized), rows),
      cotangent && reduceSum(cotangent, rows),
    ];
  },
});

export const layerNormSamples = () =>
  samplesOf<LayerNormAttributes>(
    { inputs: [[2, 5], [5], [5]], attributes: { epsilon: 1e-5 } },
    { inputs: [[2, 3, 8], [8], [8]], attributes: { epsilon: 1e-12 } },
    { inputs: [[7], [7], [7]], attributes: { epsilon: 1e-5 } },
  );

export interface LayerNormOptions {
  /** Absent: ones. Its shape is that of the normalised axes. */
  readonly weight?: Value;
  /** Absent: zeros. */
  readonly bias?: Value;
  /** 1e-5 by default. */
  readonly epsilon?: number;
  /** How many of the last axes are normalised together; 1 by default. */
  readonly axes?: number;
}

/** Layer normalisation (Ba, Kiros and Hinton 2016) over the last axes. */
export function layerNorm(x: Value, { weight, bias, epsilon = 1e-5, axes = 1 }: LayerNormOptions = {}): Value {
  const { shape } = x.type;
  const width = elementCount(shape.slice(shape.length - axes));
  const constant = (value: number) => broadcastTo(x.builder.scalar(value), [width]);
  const flat = reshape(x, [...shape.slice(0, shape.length - axes), width]);
  const scale = weight ? reshape(weight, [width]) : constant(1);
  const shift = bias ? reshape(bias, [width]) : constant(0);
  return reshape(x.builder.apply(layerNormDefinition, [flat, scale, shift], { epsilon })[0]!, shape);
}
