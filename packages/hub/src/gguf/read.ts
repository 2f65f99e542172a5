import { AttuneError, type HostTensor, hostTensor } from '@attune/ir';
import { label, requireNoPointer, type Storage } from '../storage.js';
import { ggufFloats } from './blocks.js';
import { type GgufHeader, type GgufTensor, type GgufValue, HeaderGoesOn, parseGguf } from './header.js';

/** A GGUF file: its metadata, and its tensors under llama.cpp's names, read one at a time. */
export interface GgufFile {
  /** How error messages call it. */
  readonly name: string;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  /** A tensor as f32. @throws AttuneError `E_TENSOR_MISSING` */
  readFloat(name: string): Promise<HostTensor>;
  /** The bytes of a matrix as they are stored: u8 [rows, bytes of a row]. @throws AttuneError `E_TENSOR_MISSING` */
  readBlocks(name: string): Promise<HostTensor>;
}

/** Bytes that are read at first: enough for a small tokenizer. */
const FIRST_BYTES = 2 ** 20;

/**
 * Opens a GGUF file: reads its header only.
 * @throws AttuneError `E_FILE_MISSING`, `E_GGUF_HEADER`, `E_GGUF_METADATA`, `E_GGUF_TENSOR`
 */
export async function openGguf(storage: Storage, path: string): Promise<GgufFile> {
  const file = label(storage, path);
  const { metadata, tensors } = await readHeader(storage, path, file);
  const read = async (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new AttuneError('E_TENSOR_MISSING', `${file} has no tensor "${name}".`, { file, field: name });
    const { start, end } = tensor;
    return { ...tensor, bytes: await storage.read(path, { start, end }) };
  };
  return {
    name: file,
    metadata,
    tensors,
    async readFloat(name) {
      const { shape, type, bytes } = await read(name);
      return hostTensor(shape, ggufFloats(type, bytes));
    },
    async readBlocks(name) {
      const { shape, bytes } = await read(name);
      const [rows = 1] = shape;
      return hostTensor([rows, bytes.length / rows], bytes, 'u8');
    },
  };
}

async function readHeader(storage: Storage, path: string, file: string): Promise<GgufHeader> {
  const size = await storage.size(path);
  for (let count = Math.min(FIRST_BYTES, size); ; count = Math.min(4 * count, size)) {
    const bytes = await storage.read(path, { start: 0, end: count });
    await requireNoPointer(bytes, file);
    try {
      return parseGguf(bytes, size, file);
    } catch (cause) {
      if (!(cause instanceof HeaderGoesOn) || count >= size) throw cause;
    }
  }
}
