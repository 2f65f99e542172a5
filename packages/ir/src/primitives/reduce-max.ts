import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { samplesOf } from '../samples.js';
import { shareAmongExtremes } from './extremes.js';
import { inferReduction, type ReductionAttributes, reduceReference, reductionSamples } from './reduction.js';

/** The largest element over `axes`, which are dropped. Ties share the cotangent evenly, as in torch.amax. */
export const reduceMaxDefinition = definePrimitive<'reduce_max', ReductionAttributes>({
  name: 'reduce_max',
  infer: (inputs, attributes) => inferReduction('reduce_max', inputs, attributes),
  vjp: ({ inputs: [x], outputs: [y], attributes: { axes }, cotangents: [cotangent] }) => [
    cotangent && shareAmongExtremes(x!, y!, cotangent, axes),
  ],
  reference: ([x], { axes }, [type]) => [reduceReference(x!, axes, type!, Number.NEGATIVE_INFINITY, Math.max)],
});

export const reduceMaxSamples = () => samplesOf<ReductionAttributes>(...reductionSamples);

/** Maximum over axes, which ascend; x itself where there are none. */
export function reduceMax(x: Value, axes: readonly number[]): Value {
  return axes.length === 0 ? x : x.builder.apply(reduceMaxDefinition, [x], { axes })[0]!;
}
