import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { mean } from '../functions/reductions.js';
import { add } from '../primitives/add.js';
import { div } from '../primitives/div.js';
import { mul } from '../primitives/mul.js';
import { reduceSum } from '../primitives/reduce-sum.js';
import { rsqrt } from '../primitives/rsqrt.js';
import { sub } from '../primitives/sub.js';
import { samplesOf } from '../samples.js';
import { expectFloat, expectInputs, shapeError } from '../shape.js';
import { sameShape } from '../tensor.js';

export type RmsNormAttributes = { readonly epsilon: number };

const lastMean = (x: Value): Value => mean(x, { axes: [-1], keepAxes: true });

/**
 * x / sqrt(mean(x^2) + epsilon) * weight over the last axis. The outputs are the result and the inverse root, which the
 * backward pass reuses.
 */
export const rmsNormDefinition = defineComposite<'rms_norm', RmsNormAttributes>({
  name: 'rms_norm',
  infer(inputs) {
    expectInputs('rms_norm', inputs, 2);
    expectFloat('rms_norm', inputs);
    const [x, weight] = [inputs[0]!, inputs[1]!];
    const width = x.shape.slice(-1);
    if (width.length === 0 || !sameShape(weight.shape, width)) {
      throw shapeError('rms_norm', `the weight must have the shape [${width}]`, inputs);
    }
    return [x, { shape: [...x.shape.slice(0, -1), 1], dtype: x.dtype }];
  },
  decompose([x, weight], { epsilon }) {
    const inverse = rsqrt(add(lastMean(mul(x!, x!)), epsilon));
    return [mul(mul(x!, inverse), weight!), inverse];
  },
  vjp({ inputs: [x, weight], outputs: [, inverse], cotangents: [cotangent, inverseCotangent] }) {
    const normalized = mul(x!, inverse!);
    const rows = x!.type.shape.slice(0, -1).map((_, axis) => axis);
    const byRoot =
      inverseCotangent && mul(normalized, div(mul(inverseCotangent, mul(inverse!, inverse!)), -x!.type.shape.at(-1)!));
    if (!cotangent) return [byRoot, undefined];
    const scaled = mul(cotangent, weight!);
    const byResult = mul(sub(scaled, mul(normalized, lastMean(mul(scaled, normalized)))), inverse!);
    return [byRoot ? add(byResult, byRoot) : byResult, reduceSum(mul(cotangent, normalized), rows)];
  },
});

export const rmsNormSamples = () =>
  samplesOf<RmsNormAttributes>(
    { inputs: [[2, 5], [5]], attributes: { epsilon: 1e-5 } },
    { inputs: [[2, 3, 8], [8]], attributes: { epsilon: 1e-6 } },
    { inputs: [[7], [7]], attributes: { epsilon: 0.1 } },
  );

/** x / sqrt(mean(x^2) + epsilon) * weight over the last axis (Zhang and Sennrich 2019). */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
  return x.builder.apply(rmsNormDefinition, [x, weight], { epsilon })[0]!;
}
