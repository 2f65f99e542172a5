/** How elements lie in buffers. WGSL has arrays of 32-bit words only; smaller elements share words, first element lowest. */
import type { DType } from '@attune/ir';

export interface Format {
  /** The array's element type. */
  readonly word: 'f32' | 'i32' | 'u32';
  readonly perWord: 1 | 2 | 4;
  /**
   * An element as a number of `registerType[dtype]`. `index` is an identifier or a literal.
   * @param wordAt the word at an index
   */
  load(wordAt: (index: string) => string, index: string): string;
  /** What is stored: a word, or the lowest bits of one. */
  encode(number: string): string;
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

const plain = (word: Format['word']): Format => ({
  word,
  perWord: 1,
  load: (wordAt, index) => wordAt(index),
  encode: (number) => number,
});

const flags: Format = {
  ...plain('u32'),
  load: (wordAt, index) => `(${wordAt(index)} != 0u)`,
  encode: (flag) => `u32(${flag})`,
};

const byteOf: Format['load'] = (wordAt, index) => `((${wordAt(`${index} >> 2u`)} >> ((${index} & 3u) * 8u)) & 0xffu)`;

const bytes: Format = { word: 'u32', perWord: 4, load: byteOf, encode: (number) => number };

const packedFlags: Format = {
  word: 'u32',
  perWord: 4,
  load: (wordAt, index) => `(${byteOf(wordAt, index)} != 0u)`,
  encode: (flag) => `u32(${flag})`,
};

const halfWord: Format['load'] = (wordAt, index) => `(${wordAt(`${index} >> 1u`)} >> ((${index} & 1u) * 16u))`;

const halves: Format = {
  word: 'u32',
  perWord: 2,
  load: (wordAt, index) => `half_number(${halfWord(wordAt, index)})`,
  encode: (number) => `half_bits(${number})`,
};

const brains: Format = {
  word: 'u32',
  perWord: 2,
  load: (wordAt, index) => `bitcast<f32>(${halfWord(wordAt, index)} << 16u)`,
  encode: (number) => `brain_bits(${number})`,
};

/** The layout of the host: what is uploaded and downloaded. */
export const packedFormats: Readonly<Record<DType, Format>> = {
  f32: plain('f32'),
  f16: halves,
  bf16: brains,
  i32: plain('i32'),
  u32: plain('u32'),
  u8: bytes,
  bool: packedFlags,
};

/** One word an element: what kernels pass on to each other that cannot pack. */
export const wideFormats: Readonly<Record<DType, Format>> = {
  f32: plain('f32'),
  f16: plain('f32'),
  bf16: plain('f32'),
  i32: plain('i32'),
  u32: plain('u32'),
  u8: plain('u32'),
  bool: flags,
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
