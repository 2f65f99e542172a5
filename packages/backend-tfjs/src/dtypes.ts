/**
 * How dtypes are represented. TensorFlow.js has float32, int32 and bool; it has no unsigned integers, and on WebGL its
 * int32 is a float. So u32 and u8 are typed arrays of JavaScript on every flavour, with exact arithmetic: they occur in
 * keys of random numbers and in what leads from them to a mask.
 */
import type { DType } from '@attune/ir';

/** The dtypes that TensorFlow.js has. */
export type DeviceDType = Extract<DType, 'f32' | 'i32' | 'bool'>;

export const deviceTypes = {
  f32: 'float32',
  i32: 'int32',
  bool: 'bool',
} as const satisfies Record<DeviceDType, string>;

const hostDTypes: ReadonlySet<DType> = new Set<DType>(['u32', 'u8']);

export const supportedDTypes: ReadonlySet<DType> = new Set<DType>(['f32', 'i32', 'bool', 'u32', 'u8']);

export const isHostDType = (dtype: DType): boolean => hostDTypes.has(dtype);

export const isDeviceDType = (dtype: DType): dtype is DeviceDType => Object.hasOwn(deviceTypes, dtype);

const dtypesByName: ReadonlyMap<string, DeviceDType> = new Map([
  ['float32', 'f32'],
  ['int32', 'i32'],
  ['bool', 'bool'],
]);

/** The dtype of a tensor of TensorFlow.js. */
export function dtypeOf(name: string): DeviceDType {
  const dtype = dtypesByName.get(name);
  if (dtype) return dtype;
  throw new TypeError(`${name} is no dtype of programs`);
}
