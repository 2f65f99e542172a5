import { AttuneError } from './errors.js';

/** Element types. f16 and bf16 are held as their bits in a Uint16Array. */
export type DType = 'f32' | 'f16' | 'bf16' | 'i32' | 'u32' | 'u8' | 'bool';

/** A static shape and an element type. A scalar has the shape `[]`. */
export interface TensorType {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export type HostData = Float32Array | Uint16Array | Int32Array | Uint32Array | Uint8Array;

/** A tensor in host memory, row-major. `data` is the array class of `hostArrayOf[type.dtype]`. */
export interface HostTensor {
  readonly type: TensorType;
  readonly data: HostData;
}

/** The typed array that holds each dtype on the host. */
export const hostArrayOf = {
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  u8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, new (length: number) => HostData>;

export const bytesPerElement: Readonly<Record<DType, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  i32: 4,
  u32: 4,
  u8: 1,
  bool: 1,
};

export const isFloat = (dtype: DType): boolean => dtype === 'f32' || dtype === 'f16' || dtype === 'bf16';

/** `tensorType([2, 3])` is f32[2,3]. */
export function tensorType(shape: readonly number[], dtype: DType = 'f32'): TensorType {
  return { shape, dtype };
}

export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

export const byteLength = (type: TensorType): number => elementCount(type.shape) * bytesPerElement[type.dtype];

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

export const sameType = (a: TensorType, b: TensorType): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** `f32[2,3]`, as programs print it. */
export const formatType = (type: TensorType): string => `${type.dtype}[${type.shape.join(',')}]`;

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/**
 * Makes a host tensor from numbers or from a typed array, which is not copied if it already has the dtype's class.
 * @throws AttuneError `E_TENSOR` where the number of elements does not fit the shape.
 */
export function hostTensor(shape: readonly number[], data: ArrayLike<number>, dtype: DType = 'f32'): HostTensor {
  const expected = elementCount(shape);
  if (data.length !== expected) {
    throw new AttuneError(
      'E_TENSOR',
      `A tensor of shape [${shape}] has ${expected} elements, the data has ${data.length}.`,
    );
  }
  const ArrayClass = hostArrayOf[dtype];
  return { type: { shape, dtype }, data: data instanceof ArrayClass ? data : ArrayClass.from(data) };
}

/** A host tensor of zeros. */
export function zeros(type: TensorType): HostTensor {
  return { type, data: new hostArrayOf[type.dtype](elementCount(type.shape)) };
}
