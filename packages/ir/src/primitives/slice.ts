import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { fill, stridedOffsets, stridesOf } from '../reference.js';
import { samplesOf, uniform } from '../samples.js';
import { expectInputs, shapeError } from '../shape.js';
import { pad } from './pad.js';

export type SliceAttributes = {
  readonly start: readonly number[];
  /** Exclusive. */
  readonly limit: readonly number[];
  /** Positive. */
  readonly strides: readonly number[];
};

/** Elements `start, start + stride, …` below `limit`, per axis. */
export const sliceDefinition = definePrimitive<'slice', SliceAttributes>({
  name: 'slice',
  infer(inputs, { start, limit, strides }) {
    expectInputs('slice', inputs, 1);
    const { shape, dtype } = inputs[0]!;
    const valid =
      [start, limit, strides].every((values) => values.length === shape.length) &&
      shape.every(
        (size, axis) =>
          start[axis]! >= 0 && start[axis]! <= limit[axis]! && limit[axis]! <= size && strides[axis]! >= 1,
      );
    if (!valid) throw shapeError('slice', `[${start}] to [${limit}] by [${strides}] is out of range`, inputs);
    return [{ shape: shape.map((_, axis) => Math.ceil((limit[axis]! - start[axis]!) / strides[axis]!)), dtype }];
  },
  vjp({ inputs, outputs, attributes: { start, strides }, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined];
    const taken = outputs[0]!.type.shape;
    const high = inputs[0]!.type.shape.map((size, axis) => {
      const span = taken[axis] === 0 ? 0 : (taken[axis]! - 1) * strides[axis]! + 1;
      return size - start[axis]! - span;
    });
    return [pad(cotangent, { low: start, high, interior: strides.map((stride) => stride - 1), value: 0 })];
  },
  reference([x], { start, strides }, [type]) {
    const own = stridesOf(x!.type.shape);
    const first = start.reduce((offset, index, axis) => offset + index * own[axis]!, 0);
    const offsets = stridedOffsets(
      type!.shape,
      own.map((stride, axis) => stride * strides[axis]!),
      first,
    );
    return [fill(type!, (index) => x!.data[offsets[index]!]!)];
  },
});

export const sliceSamples = () =>
  samplesOf<SliceAttributes>(
    { inputs: [[4, 5]], attributes: { start: [1, 0], limit: [3, 5], strides: [1, 1] } },
    { inputs: [[7]], attributes: { start: [1], limit: [7], strides: [2] } },
    { inputs: [[3, 2]], attributes: { start: [0, 1], limit: [3, 2], strides: [2, 1] } },
    {
      name: 'bool',
      inputs: [uniform([9, 7], [0, 2], 1, 'bool')],
      attributes: { start: [1, 0], limit: [9, 7], strides: [2, 3] },
    },
  );

/** A slice by start and limit per axis, with strides of 1 by default; x itself where all of it is taken. */
export function slice(
  x: Value,
  start: readonly number[],
  limit: readonly number[],
  strides: readonly number[] = start.map(() => 1),
): Value {
  const everything = x.type.shape.every(
    (size, axis) => start[axis] === 0 && limit[axis] === size && strides[axis] === 1,
  );
  return everything ? x : x.builder.apply(sliceDefinition, [x], { start, limit, strides })[0]!;
}

/** A slice along one axis. */
export function sliceAxis(x: Value, axis: number, start: number, limit: number, stride = 1): Value {
  const at = (value: number, others: (size: number) => number) =>
    x.type.shape.map((size, index) => (index === axis ? value : others(size)));
  return slice(
    x,
    at(start, () => 0),
    at(limit, (size) => size),
    at(stride, () => 1),
  );
}
