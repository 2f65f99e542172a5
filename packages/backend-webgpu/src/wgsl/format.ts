/**
 * How elements lie in buffers. WGSL has arrays of 32-bit words, and of f16 where the device has `shader-f16`; other
 * elements share words, first element lowest.
 */
import type { DType } from '@attune/ir';
import type { Tuning } from '../schedule/tuning.js';

export interface Format {
  /** The array's element type. */
  readonly word: 'f32' | 'i32' | 'u32' | 'f16';
  /** Elements that share a word, so that one thread has to store them. */
  readonly perWord: 1 | 2 | 4;
  /** Of an element. */
  readonly bytes: 1 | 2 | 4;
  /** How four elements that lie side by side are loaded at once, as a vec4f; absent where they are not. */
  readonly vector?: Vector;
  /**
   * An element as a number of `registerType[dtype]`. `index` is an identifier or a literal.
   * @param wordAt the word at an index
   */
  load(wordAt: (index: string) => string, index: string): string;
  /** What is stored: a word, or the lowest bits of one. */
  encode(number: string): string;
}

export interface Vector {
  /** The array's element type. */
  readonly word: 'vec4f' | 'vec2u' | 'vec4<f16>';
  /** Of four elements. */
  readonly bytes: 8 | 16;
  decode(word: string): string;
}

/** The type in which kernels compute with each dtype. Floats of 16 bits are widened, and rounded when they are stored. */
export const registerType = {
  f32: 'f32',
  f16: 'f32',
  bf16: 'f32',
  i32: 'i32',
  u32: 'u32',
  u8: 'u32',
  bool: 'bool',
} as const satisfies Record<DType, string>;

const plain = (word: 'f32' | 'i32' | 'u32'): Format => ({
  word,
  perWord: 1,
  bytes: 4,
  load: (wordAt, index) => wordAt(index),
  encode: (number) => number,
});

const floats: Format = { ...plain('f32'), vector: { word: 'vec4f', bytes: 16, decode: (word) => word } };

const flags: Format = {
  ...plain('u32'),
  load: (wordAt, index) => `(${wordAt(index)} != 0u)`,
  encode: (flag) => `u32(${flag})`,
};

const byteOf: Format['load'] = (wordAt, index) => `((${wordAt(`${index} >> 2u`)} >> ((${index} & 3u) * 8u)) & 0xffu)`;

const bytes: Format = { word: 'u32', perWord: 4, bytes: 1, load: byteOf, encode: (number) => number };

const packedFlags: Format = {
  word: 'u32',
  perWord: 4,
  bytes: 1,
  load: (wordAt, index) => `(${byteOf(wordAt, index)} != 0u)`,
  encode: (flag) => `u32(${flag})`,
};

const halfWord: Format['load'] = (wordAt, index) => `(${wordAt(`${index} >> 1u`)} >> ((${index} & 1u) * 16u))`;

const halves: Format = {
  word: 'u32',
  perWord: 2,
  bytes: 2,
  vector: { word: 'vec2u', bytes: 8, decode: (words) => `half_numbers(${words})` },
  load: (wordAt, index) => `half_number(${halfWord(wordAt, index)})`,
  encode: (number) => `half_bits(${number})`,
};

/** Halves as WGSL has them: any kernel can store them one by one. */
const nativeHalves: Format = {
  word: 'f16',
  perWord: 1,
  bytes: 2,
  vector: { word: 'vec4<f16>', bytes: 8, decode: (numbers) => `vec4f(${numbers})` },
  load: (wordAt, index) => `f32(${wordAt(index)})`,
  encode: (number) => `half(${number})`,
};

const brains: Format = {
  word: 'u32',
  perWord: 2,
  bytes: 2,
  vector: { word: 'vec2u', bytes: 8, decode: (words) => `brain_numbers(${words})` },
  load: (wordAt, index) => `bitcast<f32>(${halfWord(wordAt, index)} << 16u)`,
  encode: (number) => `brain_bits(${number})`,
};

/** The layout of the host: what is uploaded and downloaded. */
const packedFormats: Readonly<Record<DType, Format>> = {
  f32: floats,
  f16: halves,
  bf16: brains,
  i32: plain('i32'),
  u32: plain('u32'),
  u8: bytes,
  bool: packedFlags,
};

/** One word an element: what kernels pass on to each other that cannot pack. */
const wideFormats: Readonly<Record<DType, Format>> = {
  f32: floats,
  f16: floats,
  bf16: floats,
  i32: plain('i32'),
  u32: plain('u32'),
  u8: plain('u32'),
  bool: flags,
};

/** The layout of a dtype on the host, as kernels see it. */
export const hostFormat = (dtype: DType, { f16 }: Pick<Tuning, 'f16'>): Format =>
  dtype === 'f16' && f16 === 'native' ? nativeHalves : packedFormats[dtype];

/** The layout of what kernels pass on to each other that can store single elements only. */
export const passedFormat = (dtype: DType, tuning: Pick<Tuning, 'f16'>): Format => {
  const format = hostFormat(dtype, tuning);
  return format.perWord === 1 ? format : wideFormats[dtype];
};

/** A number of a dtype from a word of u32 that holds it alone. */
export function fromWord(word: string, dtype: DType): string {
  const type = registerType[dtype];
  if (type === 'bool') return `(${word} != 0u)`;
  return type === 'u32' ? word : `bitcast<${type}>(${word})`;
}

/** The word that holds a number of a dtype alone. */
export function toWord(number: string, dtype: DType): string {
  const type = registerType[dtype];
  if (type === 'bool') return `u32(${number})`;
  return type === 'u32' ? number : `bitcast<u32>(${number})`;
}
