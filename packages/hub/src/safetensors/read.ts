import { AttuneError, fromHalfBits, type HostTensor, type TensorType } from '@attune/ir';
import { label, type Storage } from '../storage.js';
import { headerLength, parseHeader, type SafetensorsDType, type TensorEntry } from './header.js';

/** Tensors by name, read one at a time. */
export interface TensorSource {
  /** How error messages call it. */
  readonly name: string;
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Shape and stored dtype, for instance `F16`. @throws AttuneError `E_TENSOR_MISSING` */
  entry(name: string): { readonly shape: readonly number[]; readonly dtype: SafetensorsDType };
  /** A floating tensor as f32. @throws AttuneError `E_TENSOR_MISSING`, `E_TENSOR_DTYPE` */
  readFloat(name: string): Promise<HostTensor>;
  /** A tensor in the dtype nearest to the stored one: f32, i32 (also from i64, checked), u8 or bool; f16 and bf16 stay. */
  read(name: string): Promise<HostTensor>;
}

/**
 * Opens a safetensors file: reads its header only.
 * @throws AttuneError `E_FILE_MISSING`, `E_SAFETENSORS_HEADER`, `E_SAFETENSORS_JSON`, `E_SAFETENSORS_LAYOUT`
 */
export async function openSafetensors(storage: Storage, path: string): Promise<TensorSource> {
  const file = label(storage, path);
  const size = await storage.size(path);
  const length = headerLength(await storage.read(path, { start: 0, end: Math.min(8, size) }), size, file);
  const header = parseHeader(await storage.read(path, { start: 8, end: 8 + length }), size, file);
  const find = (name: string): TensorEntry => {
    const entry = header.tensors.get(name);
    if (!entry) throw new AttuneError('E_TENSOR_MISSING', `${file} has no tensor "${name}".`, { file, field: name });
    return entry;
  };
  const readBytes = async (name: string) => {
    const entry = find(name);
    const bytes = await storage.read(path, {
      start: header.dataStart + entry.start,
      end: header.dataStart + entry.end,
    });
    if (bytes.length !== entry.end - entry.start) {
      throw new AttuneError('E_SAFETENSORS_LAYOUT', `${file} ends within tensor "${name}".`, { file, field: name });
    }
    return { entry, bytes };
  };
  return {
    name: file,
    names: [...header.tensors.keys()],
    metadata: header.metadata,
    entry: find,
    async read(name) {
      const { entry, bytes } = await readBytes(name);
      return decode(entry, bytes, name, file);
    },
    async readFloat(name) {
      const { entry, bytes } = await readBytes(name);
      return toFloat(decode(entry, bytes, name, file), name, file);
    },
  };
}

function decode({ dtype, shape }: TensorEntry, bytes: Uint8Array<ArrayBuffer>, name: string, file: string): HostTensor {
  const { buffer } = bytes;
  switch (dtype) {
    case 'F32':
      return { type: { shape, dtype: 'f32' }, data: new Float32Array(buffer) };
    case 'F64':
      return { type: { shape, dtype: 'f32' }, data: Float32Array.from(new Float64Array(buffer)) };
    case 'F16':
      return { type: { shape, dtype: 'f16' }, data: new Uint16Array(buffer) };
    case 'BF16':
      return { type: { shape, dtype: 'bf16' }, data: new Uint16Array(buffer) };
    case 'I32':
      return { type: { shape, dtype: 'i32' }, data: new Int32Array(buffer) };
    case 'I64':
      return { type: { shape, dtype: 'i32' }, data: narrow(new BigInt64Array(buffer), name, file) };
    case 'U32':
      return { type: { shape, dtype: 'u32' }, data: new Uint32Array(buffer) };
    case 'U8':
      return { type: { shape, dtype: 'u8' }, data: bytes };
    case 'BOOL':
      return { type: { shape, dtype: 'bool' }, data: bytes };
    default:
      throw new AttuneError('E_TENSOR_DTYPE', `${file}: tensor "${name}" is ${dtype}, which Attune does not read.`, {
        file,
        field: name,
      });
  }
}

function narrow(values: BigInt64Array, name: string, file: string): Int32Array {
  return Int32Array.from(values, (value) => {
    const number = Number(value);
    if (number === (number | 0)) return number;
    throw new AttuneError('E_TENSOR_DTYPE', `${file}: tensor "${name}" holds ${value}, which does not fit 32 bits.`, {
      file,
      field: name,
    });
  });
}

/** f16 and bf16 as f32. @throws AttuneError `E_TENSOR_DTYPE` for tensors that are not floating. */
function toFloat({ type, data }: HostTensor, name: string, file: string): HostTensor {
  const result: TensorType = { shape: type.shape, dtype: 'f32' };
  if (type.dtype === 'f32') return { type, data };
  if ((type.dtype === 'f16' || type.dtype === 'bf16') && data instanceof Uint16Array) {
    return { type: result, data: type.dtype === 'bf16' ? fromBfloat(data) : fromHalf(data) };
  }
  throw new AttuneError('E_TENSOR_DTYPE', `${file}: tensor "${name}" is ${type.dtype}, a floating tensor is needed.`, {
    file,
    field: name,
  });
}

function fromBfloat(bits: Uint16Array): Float32Array {
  const words = Uint32Array.from(bits, (half) => half << 16);
  return new Float32Array(words.buffer);
}

let halfTable: Float32Array | undefined;

/** By a table of all 65,536 values: a model has millions. */
function fromHalf(bits: Uint16Array): Float32Array {
  halfTable ??= Float32Array.from({ length: 1 << 16 }, (_, half) => fromHalfBits(half, 'f16'));
  const numbers = new Float32Array(bits.length);
  for (let index = 0; index < bits.length; index++) numbers[index] = halfTable[bits[index]!]!;
  return numbers;
}
