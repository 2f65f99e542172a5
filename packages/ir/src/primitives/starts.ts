/** What dynamic_slice and dynamic_update_slice share: where a part of an operand begins. */
import type { Value } from '../builder.js';
import type { ReferenceTensor } from '../definition.js';
import { stridedOffsets } from '../reference.js';
import { expectDType, expectInputs, shapeError } from '../shape.js';
import { type HostTensor, hostTensor, stridesOf, type TensorType } from '../tensor.js';

/**
 * Checks that the inputs behind the first `operands` are a start for each axis of the first one, and that a part of `sizes`
 * fits into that.
 * @throws AttuneError `E_SHAPE`
 */
export function expectStarts(
  op: string,
  inputs: readonly TensorType[],
  operands: number,
  sizes: readonly number[],
): void {
  const shape = inputs[0]?.shape ?? [];
  expectInputs(op, inputs, operands + shape.length);
  for (const start of inputs.slice(operands)) {
    expectDType(op, start, ['i32'], inputs);
    if (start.shape.length > 0) throw shapeError(op, 'starts must be scalars', inputs);
  }
  const fits =
    sizes.length === shape.length &&
    shape.every((size, axis) => Number.isInteger(sizes[axis]) && sizes[axis]! >= 0 && sizes[axis]! <= size);
  if (!fits) throw shapeError(op, `a part of [${sizes}] does not fit into the operand`, inputs);
}

/** The flat index in the operand of each element of a part, for references. */
export function offsetsOfPart(
  operand: TensorType,
  starts: readonly ReferenceTensor[],
  sizes: readonly number[],
): Int32Array {
  const strides = stridesOf(operand.shape);
  const first = strides.reduce((offset, stride, axis) => {
    const last = operand.shape[axis]! - sizes[axis]!;
    return offset + stride * Math.min(Math.max(starts[axis]!.data[0]!, 0), last);
  }, 0);
  return stridedOffsets(sizes, strides, first);
}

/** Starts as values. */
export const startValues = (x: Value, starts: readonly (Value | number)[]): readonly Value[] =>
  starts.map((start) => (typeof start === 'number' ? x.builder.scalar(start, 'i32') : start));

/** Starts along one axis, 0 along the others. */
export const startsAlong = (x: Value, axis: number, start: Value | number): readonly (Value | number)[] =>
  x.type.shape.map((_, other) => (other === axis ? start : 0));

/** A start as an input of samples. */
export function startAt(start: number): HostTensor {
  return hostTensor([], [start], 'i32');
}
