/** Weights in 4-bit normal floats (Dettmers et al. 2023), with the numbers of bitsandbytes. */
import { dynamicMap, elementCount, type HostTensor, hostTensor, NF4_LEVELS } from '@attune/ir';

/** The parts of a weight, by what follows its name: codes under '', then `.absmax`, `.nested_absmax`, `.nested_offset`. */
export type NormalFloatParts = ReadonlyMap<string, HostTensor>;

/** How many numbers share a scale. */
export interface NormalFloatBlocks {
  readonly block: number;
  /** Scales that share a scale of their own; absent if they are f32. */
  readonly nestedBlock?: number;
}

/** As transformers' BitsAndBytesConfig with `bnb_4bit_use_double_quant`. */
export const doublyQuantized: NormalFloatBlocks = { block: 64, nestedBlock: 256 };

/** The nearest codes of a weight, each block scaled by its largest size. */
export function toNormalFloats(
  { type, data }: HostTensor,
  { block, nestedBlock }: NormalFloatBlocks,
): NormalFloatParts {
  const count = elementCount(type.shape);
  const absmax = blockSizes(data, block);
  const codes = new Uint8Array(Math.ceil(count / 2));
  for (let index = 0; index < count; index++) {
    const scale = absmax[Math.floor(index / block)]!;
    const code = nearest(NF4_LEVELS, scale === 0 ? 0 : Math.fround(data[index]! / scale));
    codes[index >> 1]! |= index % 2 === 0 ? code << 4 : code;
  }
  const packed = new Map([['', hostTensor([codes.length], codes, 'u8')]]);
  if (nestedBlock === undefined) return packed.set('.absmax', hostTensor([absmax.length], absmax));
  const offset = absmax.reduce((sum, each) => sum + each, 0) / absmax.length;
  const centred = absmax.map((each) => each - Math.fround(offset));
  const nested = blockSizes(centred, nestedBlock);
  const table = dynamicMap();
  const scaleCodes = Uint8Array.from(centred, (value, index) => {
    const scale = nested[Math.floor(index / nestedBlock)]!;
    return nearest(table, scale === 0 ? 0 : Math.fround(value / scale));
  });
  return packed
    .set('.absmax', hostTensor([scaleCodes.length], scaleCodes, 'u8'))
    .set('.nested_absmax', hostTensor([nested.length], nested))
    .set('.nested_offset', hostTensor([1], [offset]));
}

/** The numbers of a weight of this shape. */
export function fromNormalFloats(
  parts: NormalFloatParts,
  shape: readonly number[],
  { block, nestedBlock }: NormalFloatBlocks,
): HostTensor {
  const codes = parts.get('')!.data;
  const absmax = parts.get('.absmax')!.data;
  const scales = nestedBlock === undefined ? absmax : nestedScales(parts, nestedBlock);
  const numbers = new Float32Array(elementCount(shape));
  for (let index = 0; index < numbers.length; index++) {
    const byte = codes[index >> 1]!;
    numbers[index] = NF4_LEVELS[index % 2 === 0 ? byte >> 4 : byte & 15]! * scales[Math.floor(index / block)]!;
  }
  return hostTensor(shape, numbers);
}

function nestedScales(parts: NormalFloatParts, block: number): Float32Array {
  const nested = parts.get('.nested_absmax')!.data;
  const offset = parts.get('.nested_offset')!.data[0]!;
  const table = dynamicMap();
  return Float32Array.from(parts.get('.absmax')!.data, (code, index) =>
    Math.fround(Math.fround(table[code]! * nested[Math.floor(index / block)]!) + offset),
  );
}

/** The largest size in each block. */
function blockSizes(data: ArrayLike<number>, block: number): Float32Array {
  const sizes = new Float32Array(Math.ceil(data.length / block));
  for (let index = 0; index < data.length; index++) {
    const at = Math.floor(index / block);
    sizes[at] = Math.max(sizes[at]!, Math.abs(data[index]!));
  }
  return sizes;
}

/** The place of the nearest of ascending values, of two as near the first. */
function nearest(values: ArrayLike<number>, wanted: number): number {
  let [low, high] = [0, values.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= wanted) low = middle;
    else high = middle;
  }
  return Math.abs(values[high]! - wanted) < Math.abs(wanted - values[low]!) ? high : low;
}
