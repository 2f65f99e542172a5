import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { referenceData } from '../reference.js';
import { samplesOf, uniform } from '../samples.js';
import { shapeError } from '../shape.js';
import { sameShape } from '../tensor.js';
import { broadcastTo } from './broadcast.js';
import { cast } from './cast.js';
import { dynamicSlice } from './dynamic-slice.js';
import type { NoAttributes } from './elementwise.js';
import { expectStarts, offsetsOfPart, startAt, startsAlong, startValues } from './starts.js';

/**
 * StableHLO's dynamic_update_slice: the operand with a part replaced by the second input. The other inputs are the part's
 * start, an i32 scalar for each axis, clamped as dynamic_slice does it. Where the operand is a donated input whose storage
 * the result takes over, a device may write the part alone.
 */
export const dynamicUpdateSliceDefinition = definePrimitive<'dynamic_update_slice', NoAttributes>({
  name: 'dynamic_update_slice',
  infer(inputs) {
    const [operand, update] = inputs;
    expectStarts('dynamic_update_slice', inputs, 2, update?.shape ?? []);
    if (operand!.dtype !== update!.dtype) {
      throw shapeError('dynamic_update_slice', 'operand and update must have one dtype', inputs);
    }
    return [operand!];
  },
  vjp({ inputs: [, update, ...starts], cotangents: [cotangent] }) {
    if (!cotangent) return [undefined, undefined];
    const { shape } = update!.type;
    const zero = cast(cotangent.builder.scalar(0), cotangent.type.dtype);
    return [dynamicUpdateSlice(cotangent, broadcastTo(zero, shape), starts), dynamicSlice(cotangent, starts, shape)];
  },
  reference([operand, update, ...starts], _, [type]) {
    const data = referenceData(type!.dtype, operand!.data.length);
    data.set(operand!.data);
    for (const [index, offset] of offsetsOfPart(type!, starts, update!.type.shape).entries()) {
      data[offset] = update!.data[index]!;
    }
    return [{ type: type!, data }];
  },
});

export const dynamicUpdateSliceSamples = () =>
  samplesOf<NoAttributes>(
    { name: 'inside', inputs: [[4, 5], [2, 3], startAt(1), startAt(2)] },
    { name: 'starts beyond both ends', inputs: [[4, 5], [2, 3], startAt(9), startAt(-3)] },
    { name: 'the farthest starts', inputs: [[4, 5], [3, 2], startAt(2 ** 31 - 1), startAt(-(2 ** 31))] },
    { name: 'along one axis', inputs: [[2, 6, 3], [2, 2, 3], startAt(1), startAt(3), startAt(1)] },
    { name: 'all of it', inputs: [[3], [3], startAt(2)] },
    { name: 'a scalar', inputs: [[], []] },
    { name: 'i32', inputs: [uniform([7], [-9, 9], 1, 'i32'), uniform([3], [-9, 9], 2, 'i32'), startAt(5)] },
    {
      name: 'u32',
      inputs: [
        uniform([3, 4], [0, 2 ** 32], 2, 'u32'),
        uniform([1, 3], [0, 2 ** 32], 3, 'u32'),
        startAt(1),
        startAt(1),
      ],
    },
    { name: 'bool', inputs: [uniform([9], [0, 2], 3, 'bool'), uniform([5], [0, 2], 4, 'bool'), startAt(3)] },
    {
      name: 'f16',
      inputs: [uniform([4, 6], [-2, 2], 4, 'f16'), uniform([2, 3], [-2, 2], 5, 'f16'), startAt(2), startAt(1)],
    },
  );

/** x with the part that begins at `starts`, i32 scalars or numbers, replaced by `update`. */
export function dynamicUpdateSlice(x: Value, update: Value, starts: readonly (Value | number)[]): Value {
  if (sameShape(x.type.shape, update.type.shape)) return update;
  return x.builder.apply(dynamicUpdateSliceDefinition, [x, update, ...startValues(x, starts)], {})[0]!;
}

/** x with what lies from `start` on along one axis replaced by `update`, which has the other axes whole. */
export function dynamicUpdateSliceAxis(x: Value, update: Value, axis: number, start: Value | number): Value {
  return dynamicUpdateSlice(x, update, startsAlong(x, axis, start));
}
