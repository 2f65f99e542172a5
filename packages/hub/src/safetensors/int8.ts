/**
 * Attune's own 8-bit layout of weights in a safetensors file. A matrix (or a tensor of more axes) [rows, ...] is an I8
 * tensor of the same name and shape, with one scale per row, F32 or F16 [rows]; the number is code * scale, codes go
 * from -127 to 127 (symmetric: 0 is 0). The metadata `attune_int8_rows` is a JSON object from the names of such tensors
 * to those of their scales, and `format` is `attune` where Python's libraries write `pt`. transformers would take the
 * codes for weights: so the files of a directory are called `model.int8.safetensors`, which it does not look for.
 */
import { AttuneError, elementCount, fromHalfBits, type HostTensor, hostTensor, toHalfBits } from '@attune/ir';
import * as z from 'zod/mini';
import { beyondHalf } from './floats.js';
import { INT8_ROWS, type SafetensorsHeader } from './header.js';

/** What follows the name of a tensor in that of its scales. */
export const INT8_SCALE = '.int8_scale';

export const scaleName = (name: string): string => `${name}${INT8_SCALE}`;

/** The metadata of a file with such tensors. */
export const int8Metadata = (names: readonly string[]): Readonly<Record<string, string>> => ({
  format: 'attune',
  [INT8_ROWS]: JSON.stringify(Object.fromEntries(names.map((name) => [name, scaleName(name)]))),
});

/** The name of the scales of each quantized tensor. @throws AttuneError `E_SAFETENSORS_LAYOUT` for what does not fit */
export function quantizedTensors({ metadata, tensors }: SafetensorsHeader, file: string): ReadonlyMap<string, string> {
  const text = metadata[INT8_ROWS];
  if (text === undefined) return new Map();
  const fail = (problem: string, field: string) =>
    new AttuneError('E_SAFETENSORS_LAYOUT', `${file}: ${problem}.`, { file, field });
  const parsed = z.record(z.string(), z.string()).safeParse(tryJson(text));
  if (!parsed.success) throw fail(`the metadata ${INT8_ROWS} is no JSON object of names`, INT8_ROWS);
  const scales = new Map(Object.entries(parsed.data));
  for (const [name, scale] of scales) {
    const [codes, factors] = [tensors.get(name), tensors.get(scale)];
    if (codes?.dtype !== 'I8' || codes.shape.length === 0) {
      throw fail(`tensor "${name}" of ${INT8_ROWS} is no I8 tensor of rows`, name);
    }
    const isFloat = factors?.dtype === 'F32' || factors?.dtype === 'F16';
    if (!isFloat || factors.shape.length !== 1 || factors.shape[0] !== codes.shape[0]) {
      throw fail(`"${scale}", the scales of "${name}", is no F32 or F16 [${codes.shape[0]}]`, scale);
    }
  }
  return scales;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** code * scale, row by row, as f32. */
export function dequantizeRows(shape: readonly number[], codes: Int8Array, scales: ArrayLike<number>): HostTensor {
  const width = codes.length / Math.max(1, scales.length);
  const numbers = new Float32Array(codes.length);
  for (let row = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (let index = row * width; index < (row + 1) * width; index++) numbers[index] = codes[index]! * scale;
  }
  return hostTensor(shape, numbers);
}

/**
 * The scale of each row: its largest size over 127, in f16 rounded up so that no code passes 127.
 * @throws AttuneError `E_NONFINITE` for a weight that is not finite, `E_TENSOR_DTYPE` for a scale beyond f16
 */
export function rowScales(tensor: HostTensor, isHalf: boolean, name: string, file: string): Float32Array {
  const { type, data } = tensor;
  const rows = type.shape[0]!;
  const width = elementCount(type.shape.slice(1));
  return Float32Array.from({ length: rows }, (_, row) => {
    let largest = 0;
    for (let index = row * width; index < (row + 1) * width; index++) {
      const size = Math.abs(data[index]!);
      if (!Number.isFinite(size)) {
        throw new AttuneError('E_NONFINITE', `${file}: row ${row} of "${name}" holds ${data[index]}.`, {
          file,
          field: name,
        });
      }
      if (size > largest) largest = size;
    }
    return isHalf ? halfAbove(largest / 127, name, file) : singleAbove(largest / 127);
  });
}

/** The codes round(x / scale): |x - code * scale| <= scale / 2. */
export function quantizeRows({ type, data }: HostTensor, scales: Float32Array): Int8Array {
  const width = elementCount(type.shape.slice(1));
  return Int8Array.from(data, (value, index) => {
    const scale = scales[Math.floor(index / width)]!;
    return scale === 0 ? 0 : Math.round(value / scale);
  });
}

/** The least f16 that is not below. */
function halfAbove(value: number, name: string, file: string): number {
  const nearest = toHalfBits(value, 'f16');
  const half = fromHalfBits(nearest, 'f16') < value ? nearest + 1 : nearest;
  if (half >= 0x7c00) throw beyondHalf(value, name, file);
  return fromHalfBits(half, 'f16');
}

/** The nearest f32; below the normal ones, where rounding is coarse, the least that is not below. */
const singleAbove = (value: number): number =>
  value < 2 ** -126 ? Math.ceil(value * 2 ** 149) * 2 ** -149 : Math.fround(value);
