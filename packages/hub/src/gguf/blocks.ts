/** Weights of GGUF's tensors as f32: numbers, and blocks of few bits with their scales, as llama.cpp's ggml has them. */
import { AttuneError, fromHalfBits, type GgufFormat } from '@attune/ir';

/** A type of tensors: weights of a block, its bytes, and how a block becomes numbers. */
export interface GgufType {
  readonly name: string;
  readonly block: number;
  readonly bytes: number;
  /** Writes the `block` numbers of the block that begins at a byte to the end of `out` from `at` on. */
  read(view: DataView, byte: number, out: Float32Array, at: number): void;
}

const half = (view: DataView, byte: number): number => fromHalfBits(view.getUint16(byte, true), 'f16');

/** 32 codes of 4 bits: the low halves of 16 bytes, then the high ones; a fifth bit of each comes from `high`. */
function codes(view: DataView, byte: number, high: number, out: Float32Array, at: number): void {
  for (let index = 0; index < 16; index++) {
    const pair = view.getUint8(byte + index);
    out[at + index] = (pair & 15) | (((high >>> index) & 1) << 4);
    out[at + index + 16] = (pair >> 4) | (((high >>> (index + 16)) & 1) << 4);
  }
}

function scale(out: Float32Array, at: number, count: number, factor: number, shift: number): void {
  for (let index = at; index < at + count; index++) out[index] = out[index]! * factor + shift;
}

/** Scale and minimum, of 6 bits each, of the eighth number `index` of a block of 256. */
function scaleAndMinimum(view: DataView, byte: number, index: number): readonly [number, number] {
  const at = (offset: number) => view.getUint8(byte + offset);
  if (index < 4) return [at(index) & 63, at(index + 4) & 63];
  const [low, both] = [at(index - 4), at(index + 4)];
  return [(both & 15) | ((low >> 6) << 4), (both >> 4) | ((at(index) >> 6) << 4)];
}

/** Eight groups of 32 codes with scales and minima; a fifth bit comes from 32 bytes at `high`. */
function groups(view: DataView, byte: number, high: number | undefined, out: Float32Array, at: number): void {
  const [factor, least] = [half(view, byte), half(view, byte + 2)];
  const first = byte + 16 + (high === undefined ? 0 : 32);
  for (let group = 0; group < 8; group++) {
    const [own, minimum] = scaleAndMinimum(view, byte + 4, group);
    for (let index = 0; index < 32; index++) {
      const pair = view.getUint8(first + (group >> 1) * 32 + index);
      const fifth = high === undefined ? 0 : (view.getUint8(high + index) >> group) & 1;
      const code = ((group & 1) === 0 ? pair & 15 : pair >> 4) | (fifth << 4);
      out[at + group * 32 + index] = factor * own * code - least * minimum;
    }
  }
}

/** By the numbers that files have for them. */
export const ggufTypes: ReadonlyMap<number, GgufType> = new Map<number, GgufType>([
  [0, { name: 'F32', block: 1, bytes: 4, read: (view, byte, out, at) => (out[at] = view.getFloat32(byte, true)) }],
  [1, { name: 'F16', block: 1, bytes: 2, read: (view, byte, out, at) => (out[at] = half(view, byte)) }],
  [
    30,
    {
      name: 'BF16',
      block: 1,
      bytes: 2,
      read: (view, byte, out, at) => (out[at] = fromHalfBits(view.getUint16(byte, true), 'bf16')),
    },
  ],
  [
    2,
    {
      name: 'Q4_0',
      block: 32,
      bytes: 18,
      read(view, byte, out, at) {
        const factor = half(view, byte);
        codes(view, byte + 2, 0, out, at);
        scale(out, at, 32, factor, -8 * factor);
      },
    },
  ],
  [
    3,
    {
      name: 'Q4_1',
      block: 32,
      bytes: 20,
      read(view, byte, out, at) {
        codes(view, byte + 4, 0, out, at);
        scale(out, at, 32, half(view, byte), half(view, byte + 2));
      },
    },
  ],
  [
    6,
    {
      name: 'Q5_0',
      block: 32,
      bytes: 22,
      read(view, byte, out, at) {
        const factor = half(view, byte);
        codes(view, byte + 6, view.getUint32(byte + 2, true), out, at);
        scale(out, at, 32, factor, -16 * factor);
      },
    },
  ],
  [
    7,
    {
      name: 'Q5_1',
      block: 32,
      bytes: 24,
      read(view, byte, out, at) {
        codes(view, byte + 8, view.getUint32(byte + 4, true), out, at);
        scale(out, at, 32, half(view, byte), half(view, byte + 2));
      },
    },
  ],
  [
    8,
    {
      name: 'Q8_0',
      block: 32,
      bytes: 34,
      read(view, byte, out, at) {
        const factor = half(view, byte);
        for (let index = 0; index < 32; index++) out[at + index] = factor * view.getInt8(byte + 2 + index);
      },
    },
  ],
  [
    12,
    {
      name: 'Q4_K',
      block: 256,
      bytes: 144,
      read: (view, byte, out, at) => groups(view, byte, undefined, out, at),
    },
  ],
  [13, { name: 'Q5_K', block: 256, bytes: 176, read: (view, byte, out, at) => groups(view, byte, byte + 16, out, at) }],
  [
    14,
    {
      name: 'Q6_K',
      block: 256,
      bytes: 210,
      read(view, byte, out, at) {
        const factor = half(view, byte + 208);
        for (let index = 0; index < 256; index++) {
          const [side, place] = [index >> 7, index & 127];
          const pair = view.getUint8(byte + side * 64 + (place & 63));
          const two = (view.getUint8(byte + 128 + side * 32 + (place & 31)) >> ((place >> 5) << 1)) & 3;
          const code = (place < 64 ? pair & 15 : pair >> 4) | (two << 4);
          out[at + index] = factor * view.getInt8(byte + 192 + (index >> 4)) * (code - 32);
        }
      },
    },
  ],
]);

/** By its name in lower case. */
export function ggufTypeNamed(format: GgufFormat): GgufType {
  for (const type of ggufTypes.values()) if (type.name.toLowerCase() === format) return type;
  throw new AttuneError('E_GGUF_TENSOR', `GGUF has no type "${format}".`, { field: format });
}

/** The numbers of whole blocks. */
export function ggufFloats(type: GgufType, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = bytes.length / type.bytes;
  const numbers = new Float32Array(blocks * type.block);
  for (let index = 0; index < blocks; index++) type.read(view, index * type.bytes, numbers, index * type.block);
  return numbers;
}
