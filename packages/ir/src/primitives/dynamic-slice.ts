import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { fill } from '../reference.js';
import { samplesOf, uniform } from '../samples.js';
import { sameShape } from '../tensor.js';
import { broadcastTo } from './broadcast.js';
import { cast } from './cast.js';
import { dynamicUpdateSlice } from './dynamic-update-slice.js';
import { expectStarts, offsetsOfPart, startAt, startsAlong, startValues } from './starts.js';

export type DynamicSliceAttributes = {
  /** How many elements of each axis. */
  readonly sizes: readonly number[];
};

/**
 * StableHLO's dynamic_slice: a part of fixed size of the operand. The other inputs are its start, an i32 scalar for each
 * axis. A start from which the part would leave the operand is clamped to the nearest one that fits.
 */
export const dynamicSliceDefinition = definePrimitive<'dynamic_slice', DynamicSliceAttributes>({
  name: 'dynamic_slice',
  infer(inputs, { sizes }) {
    expectStarts('dynamic_slice', inputs, 1, sizes);
    return [{ shape: sizes, dtype: inputs[0]!.dtype }];
  },
  vjp({ inputs: [operand, ...starts], cotangents: [cotangent] }) {
    if (!cotangent) return [undefined];
    const zero = cast(cotangent.builder.scalar(0), cotangent.type.dtype);
    return [dynamicUpdateSlice(broadcastTo(zero, operand!.type.shape), cotangent, starts)];
  },
  reference([operand, ...starts], { sizes }, [type]) {
    const offsets = offsetsOfPart(operand!.type, starts, sizes);
    return [fill(type!, (index) => operand!.data[offsets[index]!]!)];
  },
});

export const dynamicSliceSamples = () =>
  samplesOf<DynamicSliceAttributes>(
    { name: 'inside', inputs: [[4, 5], startAt(1), startAt(2)], attributes: { sizes: [2, 3] } },
    { name: 'starts beyond both ends', inputs: [[4, 5], startAt(9), startAt(-3)], attributes: { sizes: [2, 3] } },
    {
      name: 'the farthest starts',
      inputs: [[4, 5], startAt(2 ** 31 - 1), startAt(-(2 ** 31))],
      attributes: { sizes: [3, 2] },
    },
    {
      name: 'along one axis',
      inputs: [[2, 6, 3], startAt(1), startAt(3), startAt(1)],
      attributes: { sizes: [2, 2, 3] },
    },
    { name: 'all of it', inputs: [[3], startAt(2)], attributes: { sizes: [3] } },
    { name: 'a scalar', inputs: [[]], attributes: { sizes: [] } },
    { name: 'i32', inputs: [uniform([7], [-9, 9], 1, 'i32'), startAt(5)], attributes: { sizes: [3] } },
    {
      name: 'u32',
      inputs: [uniform([3, 4], [0, 2 ** 32], 2, 'u32'), startAt(1), startAt(1)],
      attributes: { sizes: [1, 3] },
    },
    { name: 'bool', inputs: [uniform([9], [0, 2], 3, 'bool'), startAt(3)], attributes: { sizes: [5] } },
    {
      name: 'f16',
      inputs: [uniform([4, 6], [-2, 2], 4, 'f16'), startAt(2), startAt(1)],
      attributes: { sizes: [2, 3] },
    },
  );

/** A part of x by its start, i32 scalars or numbers, and its size per axis; x itself where all of it is taken. */
export function dynamicSlice(x: Value, starts: readonly (Value | number)[], sizes: readonly number[]): Value {
  if (sameShape(x.type.shape, sizes)) return x;
  return x.builder.apply(dynamicSliceDefinition, [x, ...startValues(x, starts)], { sizes })[0]!;
}

/** `size` elements of one axis from `start` on, an i32 scalar or a number. */
export function dynamicSliceAxis(x: Value, axis: number, start: Value | number, size: number): Value {
  return dynamicSlice(x, startsAlong(x, axis, start), x.type.shape.with(axis, size));
}
