/** Numbers to GGUF's blocks, rounded as ggml's reference does (`quantize_row_q8_0_ref` and `quantize_row_q4_0_ref`). */
import { AttuneError, toHalfBits } from '@attune/ir';
import { ggufTypes } from './blocks.js';

/** How numbers can be stored. */
export const ggufDTypes = ['f32', 'f16', 'q8_0', 'q4_0'] as const;
export type GgufDType = (typeof ggufDTypes)[number];

/** Writes one block of numbers, from `at` on, to the bytes from `byte` on. @returns the bits of its f16; 0 without one */
type BlockWriter = (numbers: Float32Array, at: number, view: DataView, byte: number) => number;

/** The number of the type in files, and how a block is written. */
const writers: Readonly<Record<GgufDType, readonly [number: number, write: BlockWriter]>> = {
  f32: [
    0,
    (numbers, at, view, byte) => {
      view.setFloat32(byte, numbers[at]!, true);
      return 0;
    },
  ],
  f16: [1, (numbers, at, view, byte) => writeHalf(view, byte, numbers[at]!)],
  q8_0: [
    8,
    (numbers, at, view, byte) => {
      const step = Math.fround(Math.abs(largest(numbers, at)) / 127);
      const inverse = step === 0 ? 0 : Math.fround(1 / step);
      for (let index = 0; index < 32; index++) {
        view.setInt8(byte + 2 + index, awayFromZero(Math.fround(numbers[at + index]! * inverse)));
      }
      return writeHalf(view, byte, step);
    },
  ],
  q4_0: [
    2,
    (numbers, at, view, byte) => {
      const step = Math.fround(largest(numbers, at) / -8);
      const inverse = step === 0 ? 0 : Math.fround(1 / step);
      const code = (index: number) =>
        Math.min(15, Math.trunc(Math.fround(Math.fround(numbers[at + index]! * inverse) + 8.5)));
      for (let index = 0; index < 16; index++) view.setUint8(byte + 2 + index, code(index) | (code(index + 16) << 4));
      return writeHalf(view, byte, step);
    },
  ],
};

function writeHalf(view: DataView, byte: number, value: number): number {
  const bits = toHalfBits(value, 'f16');
  view.setUint16(byte, bits, true);
  return bits;
}

/** The number of a block of 32 that is farthest from 0, with its sign. */
function largest(numbers: Float32Array, at: number): number {
  let found = 0;
  for (let index = at; index < at + 32; index++)
    if (Math.abs(numbers[index]!) > Math.abs(found)) found = numbers[index]!;
  return found;
}

const awayFromZero = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

/** What a tensor takes in a file. */
export function ggufLayout(dtype: GgufDType) {
  const [number] = writers[dtype];
  const { block, bytes } = ggufTypes.get(number)!;
  return { number, block, bytes };
}

/**
 * Whole blocks of numbers as bytes.
 * @throws AttuneError `E_NONFINITE` for numbers that are not finite, or whose scale is beyond f16, naming the tensor
 */
export function ggufBlocks(dtype: GgufDType, numbers: Float32Array, name: string, file: string): Uint8Array {
  const { block, bytes } = ggufLayout(dtype);
  const [, write] = writers[dtype];
  const encoded = new Uint8Array((numbers.length / block) * bytes);
  const view = new DataView(encoded.buffer);
  let bad = numbers.findIndex((value) => !Number.isFinite(value));
  for (let index = 0; index * block < numbers.length && bad < 0; index++) {
    const bits = write(numbers, index * block, view, index * bytes);
    if ((bits & 0x7c00) === 0x7c00) bad = index * block;
  }
  if (bad < 0) return encoded;
  throw new AttuneError('E_NONFINITE', `${file}: ${name}[${bad}] is ${numbers[bad]}; ${dtype} cannot store it.`, {
    file,
    field: name,
    hint: Number.isFinite(numbers[bad]) ? 'Write it as f32.' : 'Train again with a smaller learning rate.',
  });
}
