import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { aroundAxis, referenceData } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectInputs, normalizeAxis, shapeError } from '../shape.js';

export type CumsumAttributes = { readonly axis: number; readonly reverse: boolean };

/** The inclusive running sum along an axis, from its end where `reverse`. */
export const cumsumDefinition = definePrimitive<'cumsum', CumsumAttributes>({
  name: 'cumsum',
  infer(inputs, { axis }) {
    expectInputs('cumsum', inputs, 1);
    if (axis >= inputs[0]!.shape.length) throw shapeError('cumsum', `there is no axis ${axis}`, inputs);
    return [inputs[0]!];
  },
  vjp: ({ attributes: { axis, reverse }, cotangents: [cotangent] }) => [
    cotangent && cumsum(cotangent, axis, { reverse: !reverse }),
  ],
  reference([x], { axis, reverse }, [type]) {
    const [outer, size, inner] = aroundAxis(type!.shape, axis);
    const data = referenceData(type!.dtype, x!.data.length);
    for (let row = 0; row < outer * inner; row++) {
      const start = Math.floor(row / inner) * size * inner + (row % inner);
      let sum = 0;
      for (let step = 0; step < size; step++) {
        const at = start + (reverse ? size - 1 - step : step) * inner;
        sum += x!.data[at]!;
        data[at] = sum;
      }
    }
    return [{ type: type!, data }];
  },
});

export const cumsumSamples = () =>
  samplesOf<CumsumAttributes>(
    { inputs: [[5]], attributes: { axis: 0, reverse: false } },
    { inputs: [[2, 3, 2]], attributes: { axis: 1, reverse: true } },
  );

export function cumsum(x: Value, axis = -1, { reverse = false }: { readonly reverse?: boolean } = {}): Value {
  return x.builder.apply(cumsumDefinition, [x], { axis: normalizeAxis(axis, x.type.shape.length), reverse })[0]!;
}
