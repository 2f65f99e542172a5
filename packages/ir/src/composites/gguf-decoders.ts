/** The weights of GGUF's blocks, as llama.cpp's ggml has them: `dequantize_row_…` of ggml-quants.c. */
import type { Value } from '../builder.js';
import { fromHalfBits } from '../half.js';
import { add } from '../primitives/add.js';
import { and } from '../primitives/and.js';
import { cast } from '../primitives/cast.js';
import { concat } from '../primitives/concat.js';
import { gather } from '../primitives/gather.js';
import { mul } from '../primitives/mul.js';
import { or } from '../primitives/or.js';
import { reshape } from '../primitives/reshape.js';
import { shiftLeft } from '../primitives/shift-left.js';
import { shiftRight } from '../primitives/shift-right.js';
import { sliceAxis } from '../primitives/slice.js';
import { sub } from '../primitives/sub.js';
import { xor } from '../primitives/xor.js';
import { hostTensor } from '../tensor.js';
import type { GgufFormat } from './quantized-matrix.js';

/** From the bytes u32 [rows, blocks, bytes] of blocks to f32 [rows, blocks, ...] with the weights of a block in order. */
export const ggufDecoders: Readonly<Record<GgufFormat, (bytes: Value) => Value>> = {
  // A scale f16, then 16 bytes: byte i has the code of weight i in its low half, that of weight i + 16 in its high half.
  q4_0: (bytes) => mul(sub(cast(halves(bytes, 2), 'f32'), 8), halfAt(bytes, 0)),
  // A minimum f16 behind the scale.
  q4_1: (bytes) => add(mul(cast(halves(bytes, 4), 'f32'), halfAt(bytes, 0)), halfAt(bytes, 2)),
  // A fifth bit of each code in 4 bytes behind the scale, or behind the minimum.
  q5_0: (bytes) => mul(sub(cast(fiveBits(bytes, 2), 'f32'), 16), halfAt(bytes, 0)),
  q5_1: (bytes) => add(mul(cast(fiveBits(bytes, 4), 'f32'), halfAt(bytes, 0)), halfAt(bytes, 2)),
  // A scale f16 and 32 signed bytes.
  q8_0: (bytes) => mul(signed(part(bytes, 2, 32)), halfAt(bytes, 0)),
  q4_k: (bytes) => groups(bytes, fourBits(part(bytes, 16, 128))),
  // The fifth bits lie in 32 bytes: bit g of byte i belongs to weight i of group g.
  q5_k: (bytes) => groups(bytes, withBit(fourBits(part(bytes, 48, 128)), bits(part(bytes, 16, 32), 8, 1), 4)),
  q6_k(bytes) {
    const [rows, blocks] = bytes.type.shape as [number, number, number];
    const low = reshape(lowThenHigh(reshape(part(bytes, 0, 128), [rows, blocks, 2, 1, 64])), [rows, blocks, 2, 4, 32]);
    const pairs = reshape(part(bytes, 128, 64), [rows, blocks, 2, 1, 32]);
    const high = and(shiftRight(pairs, ramp(bytes, 4, 2)), 3);
    const codes = sub(cast(withBit(low, high, 4), 'f32'), 32);
    const scales = mul(signed(part(bytes, 192, 16)), halfAt(bytes, 208));
    return mul(reshape(codes, [rows, blocks, 16, 16]), reshape(scales, [rows, blocks, 16, 1]));
  },
};

/** Eight groups of 32 codes [rows, blocks, 8, 32], each with a scale and a minimum of 6 bits in units of two f16. */
function groups(bytes: Value, codes: Value): Value {
  const [first, second, third] = [4, 8, 12].map((at) => part(bytes, at, 4)) as [Value, Value, Value];
  const lowOf = (value: Value) => and(value, 63);
  const topOf = (value: Value) => shiftLeft(shiftRight(value, 6), 4);
  const scales = concat([lowOf(first), or(and(third, 15), topOf(first))], 2);
  const minima = concat([lowOf(second), or(shiftRight(third, 4), topOf(second))], 2);
  const column = (value: Value, unit: number) => {
    const [rows, blocks] = bytes.type.shape as [number, number, number];
    return reshape(mul(cast(value, 'f32'), halfAt(bytes, unit)), [rows, blocks, 8, 1]);
  };
  return sub(mul(cast(codes, 'f32'), column(scales, 0)), column(minima, 2));
}

const part = (bytes: Value, start: number, count: number): Value => sliceAxis(bytes, 2, start, start + count);

const signed = (bytes: Value): Value => sub(cast(xor(bytes, 0x80), 'f32'), 0x80);

/** The low halves of all bytes, then the high ones, on the axis before the last. */
const lowThenHigh = (bytes: Value): Value =>
  concat([and(bytes, 15), shiftRight(bytes, 4)], bytes.type.shape.length - 2);

/** 32 codes of the 16 bytes from `start` on: all low halves, then all high ones. */
function halves(bytes: Value, start: number): Value {
  const [rows, blocks] = bytes.type.shape as [number, number, number];
  return reshape(lowThenHigh(reshape(part(bytes, start, 16), [rows, blocks, 1, 16])), [rows, blocks, 32]);
}

/** As `halves` behind 4 bytes that have a fifth bit for each code, the lowest first. */
function fiveBits(bytes: Value, start: number): Value {
  const [rows, blocks] = bytes.type.shape as [number, number, number];
  const fifth = and(shiftRight(reshape(part(bytes, start, 4), [rows, blocks, 4, 1]), lane(bytes, 8)), 1);
  return withBit(halves(bytes, start + 4), reshape(fifth, [rows, blocks, 32]), 4);
}

/** 256 codes of 128 bytes as [rows, blocks, 8, 32]: of each 32 bytes all low halves, then all high ones. */
function fourBits(pairs: Value): Value {
  const [rows, blocks] = pairs.type.shape as [number, number, number];
  return reshape(lowThenHigh(reshape(pairs, [rows, blocks, 4, 1, 32])), [rows, blocks, 8, 32]);
}

/** Of each byte [rows, blocks, n] `count` pieces of `width` bits, the lowest first: [rows, blocks, count, n]. */
function bits(bytes: Value, count: number, width: number): Value {
  const [rows, blocks, size] = bytes.type.shape as [number, number, number];
  return and(shiftRight(reshape(bytes, [rows, blocks, 1, size]), ramp(bytes, count, width)), 2 ** width - 1);
}

const withBit = (codes: Value, high: Value, shift: number): Value => or(codes, shiftLeft(high, shift));

/** 0, step, 2 step, … as [count, 1], or as [count]. */
const ramp = (like: Value, count: number, step: number): Value => reshape(lane(like, count, step), [count, 1]);
const lane = ({ builder }: Value, count: number, step = 1): Value =>
  builder.constant(
    hostTensor(
      [count],
      Array.from({ length: count }, (_, index) => index * step),
      'u32',
    ),
  );

/** By the six high bits of an f16: its value where the others are 0, and what each of them adds. */
const halfBases = Array.from({ length: 64 }, (_, high) => fromHalfBits(high << 10, 'f16'));
const halfSteps = halfBases.map((base, high) => fromHalfBits((high << 10) | 1, 'f16') - base);

/** The f16 at a byte of every block, as f32 [rows, blocks, 1]; NaN where it is not finite. */
function halfAt(bytes: Value, at: number): Value {
  const [low, high] = [part(bytes, at, 1), part(bytes, at + 1, 1)];
  const entry = cast(shiftRight(high, 2), 'i32');
  const lookUp = (table: readonly number[]) => gather(bytes.builder.constant(hostTensor([64], table)), entry);
  const fraction = cast(add(mul(and(high, 3), 256), low), 'f32');
  return add(lookUp(halfBases), mul(lookUp(halfSteps), fraction));
}
