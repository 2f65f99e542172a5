/** Helpers of the float64 reference implementations: allocation and index walks. Clarity over speed. */
import type { ReferenceTensor } from './definition.js';
import { type DType, elementCount, isFloat, stridesOf, type TensorType } from './tensor.js';

export function referenceData(dtype: DType, length: number): ReferenceTensor['data'] {
  if (isFloat(dtype)) return new Float64Array(length);
  if (dtype === 'i32') return new Int32Array(length);
  if (dtype === 'u32') return new Uint32Array(length);
  return new Uint8Array(length);
}

/** A tensor of the type, filled by `valueAt(index)` in row-major order. */
export function fill(type: TensorType, valueAt: (index: number) => number): ReferenceTensor {
  const data = referenceData(type.dtype, elementCount(type.shape));
  for (let index = 0; index < data.length; index++) data[index] = valueAt(index);
  return { type, data };
}

/**
 * Calls `visit(flat, coordinates)` for every element in row-major order; `coordinates` is reused between calls.
 */
export function walk(shape: readonly number[], visit: (flat: number, coordinates: readonly number[]) => void): void {
  const count = elementCount(shape);
  const coordinates = new Array<number>(shape.length).fill(0);
  for (let flat = 0; flat < count; flat++) {
    visit(flat, coordinates);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++coordinates[axis]! < shape[axis]!) break;
      coordinates[axis] = 0;
    }
  }
}

/** The flat offset of each element, where element coordinates are mapped by strides (a stride of 0 repeats). */
export function stridedOffsets(shape: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const offsets = new Int32Array(elementCount(shape));
  walk(shape, (flat, coordinates) => {
    let offset = start;
    for (let axis = 0; axis < strides.length; axis++) offset += coordinates[axis]! * strides[axis]!;
    offsets[flat] = offset;
  });
  return offsets;
}

/** Splits a shape around an axis: `[outer, size, inner]` element counts. */
export function aroundAxis(shape: readonly number[], axis: number): [outer: number, size: number, inner: number] {
  return [elementCount(shape.slice(0, axis)), shape[axis]!, elementCount(shape.slice(axis + 1))];
}

export { stridesOf };
