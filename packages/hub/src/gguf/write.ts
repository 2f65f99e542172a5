/** Writes GGUF files, version 3, tensor by tensor. */
import { elementCount, type HostTensor } from '@attune/ir';
import { label, type Storage } from '../storage.js';
import { type GgufDType, ggufBlocks, ggufLayout } from './encode-blocks.js';

/** The first key of files that Attune writes, with its version. */
export const GGUF_MARK = 'attune.version';

/** A value of the metadata, with the type that llama.cpp reads it as. */
export type GgufField =
  | { readonly type: 'u32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'texts'; readonly value: readonly string[] }
  | { readonly type: 'i32s' | 'f32s'; readonly value: readonly number[] };

/** A tensor to write; `load` is called when its turn comes, so that only one is in memory. */
export interface GgufTensorToWrite {
  readonly name: string;
  /** Rows first. */
  readonly shape: readonly number[];
  readonly dtype: GgufDType;
  load(): HostTensor | Promise<HostTensor>;
}

/** Where files are made. */
export type FileMaker = Pick<Storage, 'name' | 'create'>;

const ALIGNMENT = 32;
const aligned = (offset: number): number => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
const utf8 = new TextEncoder();

/** The numbers that files have for the types. */
const types = { u32: 4, i32: 5, f32: 6, bool: 7, text: 8, list: 9 } as const;

/** @throws AttuneError `E_NONFINITE` as `ggufBlocks`, `E_DISK`; no file is there then */
export async function writeGguf(
  storage: FileMaker,
  path: string,
  metadata: ReadonlyMap<string, GgufField>,
  tensors: readonly GgufTensorToWrite[],
): Promise<void> {
  const writer = await storage.create(path);
  const pad = (length: number) => writer.write(new Uint8Array(aligned(length) - length));
  try {
    const header = encodeHeader(metadata, tensors);
    await writer.write(header);
    await pad(header.length);
    for (const { name, dtype, load } of tensors) {
      const bytes = ggufBlocks(dtype, Float32Array.from((await load()).data), name, label(storage, path));
      await writer.write(bytes);
      await pad(bytes.length);
    }
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.close();
}

function encodeHeader(metadata: ReadonlyMap<string, GgufField>, tensors: readonly GgufTensorToWrite[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const push = (width: number, set: (view: DataView) => void) => {
    const part = new Uint8Array(width);
    set(new DataView(part.buffer));
    parts.push(part);
  };
  const u32 = (value: number) => push(4, (view) => view.setUint32(0, value, true));
  const u64 = (value: number) => push(8, (view) => view.setBigUint64(0, BigInt(value), true));
  const i32 = (value: number) => push(4, (view) => view.setInt32(0, value, true));
  const f32 = (value: number) => push(4, (view) => view.setFloat32(0, value, true));
  const text = (value: string) => {
    const bytes = utf8.encode(value);
    u64(bytes.length);
    parts.push(bytes);
  };
  const list = <Value>(type: number, values: readonly Value[], write: (value: Value) => void) => {
    u32(types.list);
    u32(type);
    u64(values.length);
    for (const value of values) write(value);
  };
  const single = <Value>(type: number, value: Value, write: (value: Value) => void) => {
    u32(type);
    write(value);
  };
  const field = (given: GgufField) => {
    switch (given.type) {
      case 'u32':
        return single(types.u32, given.value, u32);
      case 'f32':
        return single(types.f32, given.value, f32);
      case 'bool':
        return single(types.bool, given.value, (value) => push(1, (view) => view.setUint8(0, Number(value))));
      case 'text':
        return single(types.text, given.value, text);
      case 'texts':
        return list(types.text, given.value, text);
      case 'i32s':
        return list(types.i32, given.value, i32);
      case 'f32s':
        return list(types.f32, given.value, f32);
    }
  };
  parts.push(utf8.encode('GGUF'));
  u32(3);
  u64(tensors.length);
  u64(metadata.size);
  for (const [key, value] of metadata) {
    text(key);
    field(value);
  }
  let offset = 0;
  for (const { name, shape, dtype } of tensors) {
    const { number, block, bytes } = ggufLayout(dtype);
    text(name);
    u32(shape.length);
    for (const size of shape.toReversed()) u64(size);
    u32(number);
    u64(offset);
    offset = aligned(offset + (elementCount(shape) / block) * bytes);
  }
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
