/** The header of a GGUF file: metadata and where tensors lie, by the rules that llama.cpp's reader has. */
import { AttuneError } from '@attune/ir';
import { type GgufType, ggufTypes } from './blocks.js';

type GgufScalar = number | bigint | boolean | string;
export type GgufValue = GgufScalar | readonly GgufScalar[];

/** One tensor of a file. */
export interface GgufTensor {
  /** Rows first: the axes in the order of PyTorch. */
  readonly shape: readonly number[];
  readonly type: GgufType;
  /** Bytes of the file, `end` exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Thrown if the bytes end before the header does; more of the file is then read. */
export class HeaderGoesOn extends Error {}

const MAX_KEY_BYTES = 65_535;
const MAX_NAME_BYTES = 63;
const MAX_AXES = 4;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Readers of scalars and their bytes, by the numbers that files have for their types. */
const scalars: ReadonlyMap<number, readonly [bytes: number, read: (view: DataView, at: number) => GgufScalar]> =
  new Map([
    [0, [1, (view, at) => view.getUint8(at)]],
    [1, [1, (view, at) => view.getInt8(at)]],
    [2, [2, (view, at) => view.getUint16(at, true)]],
    [3, [2, (view, at) => view.getInt16(at, true)]],
    [4, [4, (view, at) => view.getUint32(at, true)]],
    [5, [4, (view, at) => view.getInt32(at, true)]],
    [6, [4, (view, at) => view.getFloat32(at, true)]],
    [7, [1, (view, at) => view.getUint8(at) !== 0]],
    [10, [8, (view, at) => view.getBigUint64(at, true)]],
    [11, [8, (view, at) => view.getBigInt64(at, true)]],
    [12, [8, (view, at) => view.getFloat64(at, true)]],
  ]);
const [TEXT, LIST] = [8, 9];

/**
 * @param bytes the file's first ones
 * @param size of the whole file
 * @throws HeaderGoesOn; AttuneError `E_GGUF_HEADER`, `E_GGUF_METADATA`, `E_GGUF_TENSOR` with the place and the name
 */
export function parseGguf(bytes: Uint8Array, size: number, file: string): GgufHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let part: 'E_GGUF_HEADER' | 'E_GGUF_METADATA' | 'E_GGUF_TENSOR' = 'E_GGUF_HEADER';
  let field = 'header';
  const fail = (problem: string, place = at): never => {
    throw new AttuneError(part, `${file}: ${problem} (byte ${place}).`, { file, field });
  };
  /** Moves on by so many bytes, which the file must have. @returns where they begin */
  const take = (count: number): number => {
    if (count > size - at) fail(`${field} needs ${count} bytes, the file has ${Math.max(0, size - at)} more`);
    if (count > bytes.length - at) throw new HeaderGoesOn();
    at += count;
    return at - count;
  };
  /** A count of things of at least so many bytes each. */
  const count = (what: string, each: number): number => {
    const place = take(8);
    const found = view.getBigUint64(place, true);
    if (found > BigInt(Math.floor((size - at) / each)))
      fail(`${what} is ${found}, more than the file has room for`, place);
    return Number(found);
  };
  const text = (what: string): string => {
    const length = count(`the length of ${what}`, 1);
    const place = take(length);
    try {
      return utf8.decode(bytes.subarray(place, place + length));
    } catch {
      return fail(`${what} is no UTF-8`, place);
    }
  };
  const scalar = (type: number): GgufScalar => {
    if (type === TEXT) return text(field);
    const [width, read] = scalars.get(type) ?? fail(`${field} has the type ${type}, which GGUF does not have`, at - 4);
    return read(view, take(width));
  };
  const value = (): GgufValue => {
    const type = view.getUint32(take(4), true);
    if (type !== LIST) return scalar(type);
    const own = view.getUint32(take(4), true);
    if (own === LIST) fail(`${field} is a list of lists`, at - 4);
    const width = own === TEXT ? 8 : (scalars.get(own)?.[0] ?? fail(`${field} is a list of the type ${own}`, at - 4));
    return Array.from({ length: count(`the length of ${field}`, width) }, () => scalar(own));
  };

  if (size < 24) fail(`has ${size} bytes, too few for a GGUF file`);
  if (view.getUint32(take(4), true) !== 0x46554747) fail('does not begin with GGUF', 0);
  const version = view.getUint32(take(4), true);
  if (version !== 2 && version !== 3) {
    const why = (version & 0xffff) === 0 ? 'it is of a machine with the other order of bytes' : 'Attune reads 2 and 3';
    fail(`has the version ${version}; ${why}`, 4);
  }
  const tensorCount = count('the number of tensors', 24);
  const keyCount = count('the number of keys', 13);

  part = 'E_GGUF_METADATA';
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < keyCount; index++) {
    field = `key ${index}`;
    const place = at;
    const key = text(`the name of ${field}`);
    if (key === '' || at - place - 8 > MAX_KEY_BYTES) fail(`${field} has a name of ${at - place - 8} bytes`, place);
    field = key;
    if (metadata.has(key)) fail(`"${key}" is there twice`, place);
    metadata.set(key, value());
  }
  field = 'general.alignment';
  const alignment = metadata.get(field) ?? 32;
  if (typeof alignment !== 'number' || alignment < 8 || alignment % 8 !== 0 || (alignment & (alignment - 1)) !== 0) {
    return fail(`${field} is ${String(alignment).slice(0, 50)}; a power of two from 8 on is needed`);
  }

  part = 'E_GGUF_TENSOR';
  const aligned = (offset: number): number => Math.ceil(offset / alignment) * alignment;
  const found: { readonly name: string; readonly tensor: Omit<GgufTensor, 'end'>; readonly bytes: number }[] = [];
  const names = new Set<string>();
  let next = 0;
  for (let index = 0; index < tensorCount; index++) {
    field = `tensor ${index}`;
    const place = at;
    const name = text(`the name of ${field}`);
    if (name === '' || at - place - 8 > MAX_NAME_BYTES) fail(`${field} has a name of ${at - place - 8} bytes`, place);
    field = name;
    if (names.has(name)) fail(`"${name}" is there twice`, place);
    names.add(name);
    const axes = view.getUint32(take(4), true);
    if (axes > MAX_AXES) fail(`"${name}" has ${axes} axes; ${MAX_AXES} is the most`, at - 4);
    const sizes = Array.from({ length: axes }, () => {
      const own = view.getBigUint64(take(8), true);
      if (own === 0n || own > BigInt(Number.MAX_SAFE_INTEGER)) fail(`"${name}" has an axis of ${own}`, at - 8);
      return Number(own);
    });
    const number = view.getUint32(take(4), true);
    const known = [...ggufTypes.values()].map(({ name: own }) => own).join(', ');
    const type = ggufTypes.get(number) ?? fail(`"${name}" has the type ${number}; Attune reads ${known}`, at - 4);
    const width = sizes[0] ?? 1;
    if (width % type.block !== 0)
      fail(`"${name}" has rows of ${width}, no multiple of ${type.name}'s ${type.block}`, place);
    const total = (sizes.reduce((product, own) => product * own, 1) / type.block) * type.bytes;
    if (total > size) fail(`"${name}" has ${total} bytes, the file ${size}`, place);
    const offset = view.getBigUint64(take(8), true);
    if (offset !== BigInt(next)) fail(`"${name}" has the offset ${offset}, its place is ${next}`, at - 8);
    found.push({ name, tensor: { shape: sizes.toReversed(), type, start: next }, bytes: total });
    next = aligned(next + total);
  }
  const dataStart = aligned(at);
  const tensors = new Map<string, GgufTensor>();
  for (const { name, tensor, bytes: length } of found) {
    field = name;
    const start = dataStart + tensor.start;
    if (start + length > size) fail(`"${name}" ends at byte ${start + length}, the file has ${size}`, start);
    tensors.set(name, { ...tensor, start, end: start + length });
  }
  return { metadata, tensors };
}
