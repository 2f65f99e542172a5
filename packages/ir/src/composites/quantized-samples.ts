/** Sample matrices of every quantized format. */
import { toHalfBits } from '../half.js';
import { uniform } from '../samples.js';
import { type HostTensor, hostTensor } from '../tensor.js';
import { type GgufFormat, ggufBlockBytes, type QuantizedMatrix } from './quantized-matrix.js';

interface QuantizedSample {
  readonly name: string;
  readonly attributes: QuantizedMatrix;
  readonly inputs: readonly HostTensor[];
}

/** Random blocks with finite scales, the first of which is subnormal. */
function blocks(format: GgufFormat, [rows, width]: QuantizedMatrix['shape']): HostTensor {
  const count = (rows * width) / 32;
  const size = ggufBlockBytes[format];
  const { data } = uniform([count * size], [0, 256], size, 'u8');
  const bytes = Uint8Array.from(data);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < count; block++) {
    const scale = block === 0 ? 2 ** -16 : (block % 2 === 0 ? 1 : -1) / (block + 7);
    view.setUint16(block * size, toHalfBits(scale, 'f16'), true);
    if (format === 'q4_1') view.setUint16(block * size + 2, toHalfBits(0.3 * block - 1, 'f16'), true);
  }
  return hostTensor([rows, (width / 32) * size], bytes, 'u8');
}

const gguf = (format: GgufFormat, shape: QuantizedMatrix['shape']): QuantizedSample => ({
  name: format,
  attributes: { format, shape, block: 32 },
  inputs: [blocks(format, shape)],
});

const normalFloat = (name: string, shape: QuantizedMatrix['shape'], block: number): QuantizedSample => {
  const count = shape[0] * shape[1];
  const codes = uniform([Math.ceil(count / 2)], [0, 256], 5, 'u8');
  const scales = uniform([Math.ceil(count / block)], [0.1, 2], 6);
  return { name, attributes: { format: 'nf4', shape, block }, inputs: [codes, scales] };
};

export const quantizedSamples = (): readonly QuantizedSample[] => [
  gguf('q4_0', [2, 64]),
  gguf('q4_1', [2, 64]),
  gguf('q8_0', [2, 64]),
  normalFloat('nf4', [2, 8], 4),
  normalFloat('nf4 whose rows share bytes and scales', [3, 5], 8),
];
