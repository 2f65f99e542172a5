import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { aroundAxis, referenceData } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectInputs, normalizeAxis, shapeError } from '../shape.js';
import { elementCount, hostTensor } from '../tensor.js';
import { add } from './add.js';
import { broadcastTo } from './broadcast.js';
import { iota } from './iota.js';
import { mul } from './mul.js';
import { reshape } from './reshape.js';
import { scatterAdd } from './scatter-add.js';

export type SortAttributes = { readonly axis: number; readonly descending: boolean };

/** Sorts along an axis, stably: the sorted values and their i32 indices. */
export const sortDefinition = definePrimitive<'sort', SortAttributes>({
  name: 'sort',
  infer(inputs, { axis }) {
    expectInputs('sort', inputs, 1);
    const { shape } = inputs[0]!;
    if (axis >= shape.length) throw shapeError('sort', `there is no axis ${axis}`, inputs);
    return [inputs[0]!, { shape, dtype: 'i32' }];
  },
  vjp({ inputs: [x], outputs: [, indices], attributes: { axis }, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined];
    const { shape } = x!.type;
    const [outer, size, inner] = aroundAxis(shape, axis);
    const { builder } = cotangent;
    const flat = [outer, size, inner];
    const start = add(mul(iota(builder, flat, 0), size * inner), iota(builder, flat, 2));
    const offsets = add(start, mul(reshape(indices!, flat), inner));
    const zero = broadcastTo(builder.scalar(0), [elementCount(shape)]);
    return [reshape(scatterAdd(zero, reshape(offsets, [-1]), reshape(cotangent, [-1])), shape)];
  },
  reference([x], { axis, descending }, [type, indexType]) {
    const [outer, size, inner] = aroundAxis(type!.shape, axis);
    const data = referenceData(type!.dtype, x!.data.length);
    const indices = new Int32Array(x!.data.length);
    for (let row = 0; row < outer * inner; row++) {
      const start = Math.floor(row / inner) * size * inner + (row % inner);
      const at = (position: number) => x!.data[start + position * inner]!;
      const order = Array.from({ length: size }, (_, position) => position);
      order.sort((a, b) => (descending ? at(b) - at(a) : at(a) - at(b)) || a - b);
      for (const [position, source] of order.entries()) {
        data[start + position * inner] = at(source);
        indices[start + position * inner] = source;
      }
    }
    return [
      { type: type!, data },
      { type: indexType!, data: indices },
    ];
  },
});

export const sortSamples = () =>
  samplesOf<SortAttributes>(
    { inputs: [[2, 5]], attributes: { axis: 1, descending: false } },
    { inputs: [[3, 2, 2]], attributes: { axis: 0, descending: true } },
    {
      name: 'ties',
      inputs: [hostTensor([5], [2, 1, 2, 1, 0])],
      attributes: { axis: 0, descending: true },
      smooth: false,
    },
  );

/** Sorted values and their indices along `axis` (the last by default), ascending by default. */
export function sort(
  x: Value,
  { axis = -1, descending = false }: { readonly axis?: number; readonly descending?: boolean } = {},
): { values: Value; indices: Value } {
  const [values, indices] = x.builder.apply(sortDefinition, [x], {
    axis: normalizeAxis(axis, x.type.shape.length),
    descending,
  });
  return { values: values!, indices: indices! };
}
