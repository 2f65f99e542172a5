import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { fill, stridedOffsets, stridesOf } from '../reference.js';
import { samplesOf, uniform } from '../samples.js';
import { expectAxes, expectInputs } from '../shape.js';

export type ReverseAttributes = { readonly axes: readonly number[] };

/** Reverses the order along axes. */
export const reverseDefinition = definePrimitive<'reverse', ReverseAttributes>({
  name: 'reverse',
  infer(inputs, { axes }) {
    expectInputs('reverse', inputs, 1);
    expectAxes('reverse', axes, inputs[0]!.shape.length, inputs);
    return [inputs[0]!];
  },
  vjp: ({ attributes: { axes }, cotangents: [cotangent] }) => [cotangent && reverse(cotangent, axes)],
  reference([x], { axes }, [type]) {
    const own = stridesOf(type!.shape);
    const first = axes.reduce((offset, axis) => offset + (type!.shape[axis]! - 1) * own[axis]!, 0);
    const offsets = stridedOffsets(
      type!.shape,
      own.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
      first,
    );
    return [fill(type!, (index) => x!.data[offsets[index]!]!)];
  },
});

export const reverseSamples = () =>
  samplesOf<ReverseAttributes>(
    { inputs: [[5]], attributes: { axes: [0] } },
    { inputs: [[2, 3, 2]], attributes: { axes: [0, 2] } },
    { name: 'bool', inputs: [uniform([9, 7], [0, 2], 1, 'bool')], attributes: { axes: [0] } },
  );

export function reverse(x: Value, axes: readonly number[]): Value {
  return axes.length === 0 ? x : x.builder.apply(reverseDefinition, [x], { axes })[0]!;
}
