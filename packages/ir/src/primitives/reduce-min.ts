import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { samplesOf } from '../samples.js';
import { shareAmongExtremes } from './extremes.js';
import { inferReduction, type ReductionAttributes, reduceReference, reductionSamples } from './reduction.js';

/** The smallest element over `axes`, which are dropped. Ties share the cotangent evenly, as in torch.amin. */
export const reduceMinDefinition = definePrimitive<'reduce_min', ReductionAttributes>({
  name: 'reduce_min',
  infer: (inputs, attributes) => inferReduction('reduce_min', inputs, attributes),
  vjp: ({ inputs: [x], outputs: [y], attributes: { axes }, cotangents: [cotangent] }) => [
    cotangent && shareAmongExtremes(x!, y!, cotangent, axes),
  ],
  reference: ([x], { axes }, [type]) => [reduceReference(x!, axes, type!, Number.POSITIVE_INFINITY, Math.min)],
});

export const reduceMinSamples = () => samplesOf<ReductionAttributes>(...reductionSamples);

/** Minimum over axes, which ascend; x itself where there are none. */
export function reduceMin(x: Value, axes: readonly number[]): Value {
  return axes.length === 0 ? x : x.builder.apply(reduceMinDefinition, [x], { axes })[0]!;
}
