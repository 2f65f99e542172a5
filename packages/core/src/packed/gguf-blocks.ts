import { ggufFloats, ggufTypeNamed } from '@attune/hub/internal';
import { type GgufFormat, ggufBlocks, hostTensor, tensorType } from '@attune/ir';
import type { PackedFormat } from './packed-format.js';

/** Blocks of a GGUF file as they are stored: bytes u8 [rows, bytes of a row]. */
export const ggufBlockFormat = (format: GgufFormat): PackedFormat => ({
  name: format,
  suffixes: [''],
  matrix(layer, shape) {
    const { weights, bytes } = ggufBlocks[format];
    const [rows, width] = shape;
    const blocks = layer.packedPart('weight', tensorType([rows, (width / weights) * bytes], 'u8'));
    return { matrix: { format, shape, block: weights }, inputs: [blocks] };
  },
  numbers: (parts, shape) => hostTensor(shape, ggufFloats(ggufTypeNamed(format), Uint8Array.from(parts.get('')!.data))),
});
