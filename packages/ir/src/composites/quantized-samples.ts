/** Sample matrices of every quantized format. */
import { toHalfBits } from '../half.js';
import { uniform } from '../samples.js';
import { type HostTensor, hostTensor } from '../tensor.js';
import { type GgufFormat, ggufBlocks, type QuantizedMatrix } from './quantized-matrix.js';

interface QuantizedSample {
  readonly name: string;
  readonly attributes: QuantizedMatrix;
  readonly inputs: readonly HostTensor[];
}

/** Bytes of a block where an f16 begins: the scale, and what else there is. */
const halves: Readonly<Record<GgufFormat, readonly number[]>> = {
  q4_0: [0],
  q4_1: [0, 2],
  q5_0: [0],
  q5_1: [0, 2],
  q8_0: [0],
  q4_k: [0, 2],
  q5_k: [0, 2],
  q6_k: [208],
};

/** Random blocks with finite scales, the first of which is subnormal. @returns u8 [rows, bytes of a row] */
export function sampleBlocks(format: GgufFormat, [rows, width]: QuantizedMatrix['shape']): HostTensor {
  const { weights, bytes: size } = ggufBlocks[format];
  const count = (rows * width) / weights;
  const { data } = uniform([count * size], [0, 256], size, 'u8');
  const bytes = Uint8Array.from(data);
  const view = new DataView(bytes.buffer);
  const [scale, ...others] = halves[format];
  // Codes of 6 and 8 bits are larger than those of 4.
  const range = weights === 32 ? 1 : 64;
  for (let block = 0; block < count; block++) {
    const value = block === 0 ? 2 ** -16 : (block % 2 === 0 ? 1 : -1) / (block + 7) / range;
    view.setUint16(block * size + scale!, toHalfBits(value, 'f16'), true);
    for (const at of others) view.setUint16(block * size + at, toHalfBits((0.3 * block - 1) / range, 'f16'), true);
  }
  return hostTensor([rows, (width / weights) * size], bytes, 'u8');
}

const gguf = (format: GgufFormat, shape: QuantizedMatrix['shape']): QuantizedSample => ({
  name: format,
  attributes: { format, shape, block: ggufBlocks[format].weights },
  inputs: [sampleBlocks(format, shape)],
});

const int8 = ([rows, width]: QuantizedMatrix['shape']): QuantizedSample => ({
  name: 'int8',
  attributes: { format: 'int8', shape: [rows, width], block: width },
  inputs: [uniform([rows, width], [1, 256], 7, 'u8'), uniform([rows], [0.002, 0.01], 8)],
});

const normalFloat = (name: string, shape: QuantizedMatrix['shape'], block: number): QuantizedSample => {
  const count = shape[0] * shape[1];
  const codes = uniform([Math.ceil(count / 2)], [0, 256], 5, 'u8');
  const scales = uniform([Math.ceil(count / block)], [0.1, 2], 6);
  return { name, attributes: { format: 'nf4', shape, block }, inputs: [codes, scales] };
};

export const quantizedSamples = (): readonly QuantizedSample[] => [
  ...(Object.keys(ggufBlocks) as GgufFormat[]).map((format) => gguf(format, [2, 2 * ggufBlocks[format].weights])),
  int8([3, 5]),
  normalFloat('nf4', [2, 8], 4),
  normalFloat('nf4 whose rows share bytes and scales', [3, 5], 8),
];
