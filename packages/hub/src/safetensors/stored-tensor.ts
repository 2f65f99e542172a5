import type { DType, HostTensor, TensorType } from '@attune/ir';
import { elementCount } from '@attune/ir';
import { type SafetensorsDType, safetensorsBytes } from './header.js';

/** A tensor to write; `load` is called when its turn comes, so that only one is in memory. */
export interface TensorToWrite {
  readonly name: string;
  readonly type: TensorType;
  load(): HostTensor | Promise<HostTensor>;
}

/** A tensor as a file holds it; `load` gives its bytes. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  load(): Uint8Array | Promise<Uint8Array>;
}

const storedDTypes = {
  f32: 'F32',
  f16: 'F16',
  bf16: 'BF16',
  i32: 'I32',
  u32: 'U32',
  u8: 'U8',
  bool: 'BOOL',
} as const satisfies Readonly<Record<DType, SafetensorsDType>>;

export const storedBytes = ({ dtype, shape }: StoredTensor): number => elementCount(shape) * safetensorsBytes[dtype];

export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The tensor in its own dtype. */
export function asStored({ name, type, load }: TensorToWrite): StoredTensor {
  return { name, dtype: storedDTypes[type.dtype], shape: type.shape, load: async () => bytesOf((await load()).data) };
}

/** Tensors that are in memory, for the writers. */
export function inMemory(tensors: ReadonlyMap<string, HostTensor>): TensorToWrite[] {
  return [...tensors].map(([name, tensor]) => ({ name, type: tensor.type, load: () => tensor }));
}
