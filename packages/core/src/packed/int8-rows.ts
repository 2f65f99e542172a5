import { fromInt8Rows, INT8_SCALE } from '@attune/hub/internal';
import { tensorType } from '@attune/ir';
import type { PackedFormat } from './packed-format.js';

/** Signed bytes with a scale for each row: the codes u8 [rows, width], 128 added, and their scales f32 [rows]. */
export const int8Rows: PackedFormat = {
  name: 'int8',
  suffixes: ['', INT8_SCALE],
  matrix(layer, shape) {
    const [rows, width] = shape;
    const codes = layer.packedPart('weight', tensorType(shape, 'u8'));
    const scales = layer.packedPart(`weight${INT8_SCALE}`, tensorType([rows]));
    return { matrix: { format: 'int8', shape, block: width }, inputs: [codes, scales] };
  },
  numbers: fromInt8Rows,
};
