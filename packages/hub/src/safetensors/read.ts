import { AttuneError, type HostTensor } from '@attune/ir';
import { label, requireNoPointer, type Storage } from '../storage.js';
import { toFloat32 } from './floats.js';
import { headerLength, INT8_ROWS, parseHeader, type SafetensorsDType, type TensorEntry } from './header.js';

/** Tensors by name, read one at a time. */
export interface StoredEntry {
  readonly shape: readonly number[];
  /** For instance `F16`. */
  readonly dtype: SafetensorsDType;
  /** Whether it is in Attune's int8, integers with scales that are read as floating numbers; false where absent. */
  readonly isScaled?: boolean;
  /** Of a GGUF file: its name of the type, such as `Q4_1`, and the tensor's bytes. */
  readonly packed?: { readonly type: string; readonly bytes: number };
}

export interface TensorSource {
  /** How error messages call it. */
  readonly name: string;
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** What a user should know about the files; nothing if absent. */
  readonly warnings?: readonly string[];
  /** How a tensor is stored. @throws AttuneError `E_TENSOR_MISSING` */
  entry(name: string): StoredEntry;
  /** A floating tensor as f32. @throws AttuneError `E_TENSOR_MISSING`, `E_TENSOR_DTYPE` */
  readFloat(name: string): Promise<HostTensor>;
  /**
   * A tensor in the dtype nearest to the stored one: f32, i32 (also from i64, checked), u8 or bool; f16 and bf16 stay,
   * and weights in Attune's int8 (int8.ts) become f32.
   */
  read(name: string): Promise<HostTensor>;
  /**
   * Of a GGUF file: the blocks of a linear layer's weight [out, in] as they are stored, u8 [out, bytes of a row]. Other
   * files have none.
   */
  readBlocks?(name: string): Promise<HostTensor>;
}

/**
 * Opens a safetensors file: reads its header only. The scales of int8 weights are no tensors of their own.
 * @throws AttuneError `E_FILE_MISSING`, `E_SAFETENSORS_HEADER`, `E_SAFETENSORS_JSON`, `E_SAFETENSORS_LAYOUT`
 */
export async function openSafetensors(storage: Storage, path: string): Promise<TensorSource> {
  const file = label(storage, path);
  const size = await storage.size(path);
  const start = await storage.read(path, { start: 0, end: Math.min(1024, size) });
  await requireNoPointer(start, file);
  const length = headerLength(start.subarray(0, 8), size, file);
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
  const int8 = INT8_ROWS in header.metadata ? await import('./int8.js') : undefined;
  const scaleOf = int8?.quantizedTensors(header, file) ?? new Map<string, string>();
  const scales = new Set(scaleOf.values());
  const read = async (name: string): Promise<HostTensor> => {
    const { entry, bytes } = await readBytes(name);
    const scale = scaleOf.get(name);
    if (!int8 || scale === undefined) return decode(entry, bytes, name, file);
    const factors = toFloat32(await read(scale), scale, file);
    return int8.dequantizeRows(entry.shape, new Int8Array(bytes.buffer), factors.data);
  };
  return {
    name: file,
    names: [...header.tensors.keys()].filter((name) => !scales.has(name)),
    metadata: header.metadata,
    entry: (name) => ({ ...find(name), isScaled: scaleOf.has(name) }),
    read,
    readFloat: async (name) => toFloat32(await read(name), name, file),
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
