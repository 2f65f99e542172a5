import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { div } from '../primitives/div.js';
import { exp } from '../primitives/exp.js';
import { mul } from '../primitives/mul.js';
import { reduceMax } from '../primitives/reduce-max.js';
import { reduceSum } from '../primitives/reduce-sum.js';
import { reshape } from '../primitives/reshape.js';
import { sub } from '../primitives/sub.js';
import { samplesOf } from '../samples.js';
import { expectFloat, expectInputs, normalizeAxis } from '../shape.js';

export type SoftmaxAttributes = { readonly axis: number };

/** The shape with a size of 1 at `axis`. */
export const keepAxis = (shape: readonly number[], axis: number): number[] =>
  shape.map((size, index) => (index === axis ? 1 : size));

/** exp(x - max) / sum(exp(x - max)) along one axis. */
export const softmaxDefinition = defineComposite<'softmax', SoftmaxAttributes>({
  name: 'softmax',
  infer(inputs) {
    expectInputs('softmax', inputs, 1);
    expectFloat('softmax', inputs);
    return [inputs[0]!];
  },
  decompose([x], { axis }) {
    const kept = keepAxis(x!.type.shape, axis);
    const shifted = exp(sub(x!, reshape(reduceMax(x!, [axis]), kept)));
    return [div(shifted, reshape(reduceSum(shifted, [axis]), kept))];
  },
  vjp({ outputs, attributes: { axis }, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined];
    const y = outputs[0]!;
    const dot = reshape(reduceSum(mul(cotangent, y), [axis]), keepAxis(y.type.shape, axis));
    return [mul(sub(cotangent, dot), y)];
  },
});

export const softmaxSamples = () =>
  samplesOf<SoftmaxAttributes>(
    { inputs: [[2, 5]], attributes: { axis: 1 } },
    { inputs: [[3, 4, 2]], attributes: { axis: 1 } },
    { name: 'large logits', inputs: [[2, 3]], range: [-1e4, 1e4], attributes: { axis: 1 }, smooth: false },
  );

/** Softmax along `axis` (-1 by default). */
export function softmax(x: Value, axis = -1): Value {
  return x.builder.apply(softmaxDefinition, [x], { axis: normalizeAxis(axis, x.type.shape.length) })[0]!;
}
