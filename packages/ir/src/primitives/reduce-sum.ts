import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { samplesOf } from '../samples.js';
import { broadcast } from './broadcast.js';
import { inferReduction, type ReductionAttributes, reduceReference, reductionSamples } from './reduction.js';

/** The sum over `axes`, which are dropped. */
export const reduceSumDefinition = definePrimitive<'reduce_sum', ReductionAttributes>({
  name: 'reduce_sum',
  infer: (inputs, attributes) => inferReduction('reduce_sum', inputs, attributes),
  vjp({ inputs, attributes: { axes }, cotangents: [cotangent] }) {
    const shape = inputs[0]!.type.shape;
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    return [cotangent && broadcast(cotangent, shape, kept)];
  },
  reference: ([x], { axes }, [type]) => [reduceReference(x!, axes, type!, 0, (sum, value) => sum + value)],
});

export const reduceSumSamples = () =>
  samplesOf<ReductionAttributes>(...reductionSamples, { inputs: [[2, 0]], attributes: { axes: [1] } });

/** Sum over axes, which ascend; x itself where there are none. */
export function reduceSum(x: Value, axes: readonly number[]): Value {
  return axes.length === 0 ? x : x.builder.apply(reduceSumDefinition, [x], { axes })[0]!;
}
