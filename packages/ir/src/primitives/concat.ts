import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { aroundAxis, referenceData } from '../reference.js';
import { samplesOf, uniform } from '../samples.js';
import { normalizeAxis, shapeError } from '../shape.js';
import { elementCount } from '../tensor.js';
import { sliceAxis } from './slice.js';

export type ConcatAttributes = { readonly axis: number };

/** Joins one or more tensors along an axis. */
export const concatDefinition = definePrimitive<'concat', ConcatAttributes>({
  name: 'concat',
  infer(inputs, { axis }) {
    const first = inputs[0];
    const fits =
      first !== undefined &&
      axis < first.shape.length &&
      inputs.every(
        ({ shape, dtype }) =>
          dtype === first.dtype &&
          shape.length === first.shape.length &&
          shape.every((size, index) => index === axis || size === first.shape[index]),
      );
    if (!fits) throw shapeError('concat', `inputs must agree but for axis ${axis}`, inputs);
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return [{ shape: first.shape.map((size, index) => (index === axis ? total : size)), dtype: first.dtype }];
  },
  vjp({ inputs, attributes: { axis }, cotangents: [cotangent] }) {
    let start = 0;
    return inputs.map(({ type }) => {
      const from = start;
      start += type.shape[axis]!;
      return cotangent && sliceAxis(cotangent, axis, from, start);
    });
  },
  reference(inputs, { axis }, [type]) {
    const data = referenceData(type!.dtype, elementCount(type!.shape));
    const [outer, size, inner] = aroundAxis(type!.shape, axis);
    let before = 0;
    for (const input of inputs) {
      const width = input.type.shape[axis]! * inner;
      for (let row = 0; row < outer; row++) {
        data.set(input.data.subarray(row * width, (row + 1) * width), row * size * inner + before);
      }
      before += width;
    }
    return [{ type: type!, data }];
  },
});

export const concatSamples = () =>
  samplesOf<ConcatAttributes>(
    {
      inputs: [
        [2, 3],
        [2, 1],
      ],
      attributes: { axis: 1 },
    },
    {
      inputs: [
        [1, 2],
        [3, 2],
        [2, 2],
      ],
      attributes: { axis: 0 },
    },
    { name: 'bool', inputs: [1, 2].map((seed) => uniform([9, 7], [0, 2], seed, 'bool')), attributes: { axis: 1 } },
  );

/** Joins values along `axis`; a single value is returned as it is. */
export function concat(values: readonly [Value, ...Value[]], axis: number): Value {
  const [first] = values;
  if (values.length === 1) return first;
  return first.builder.apply(concatDefinition, values, { axis: normalizeAxis(axis, first.type.shape.length) })[0]!;
}
