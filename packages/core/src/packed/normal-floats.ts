import { fromNormalFloats, type NormalFloatBlocks } from '@attune/hub/internal';
import {
  dynamicMap,
  elementCount,
  hostTensor,
  type QuantizedMatrix,
  quantizedScales,
  tensorType,
  type Value,
} from '@attune/ir';
import type { Scope } from '../scope.js';
import type { PackedFormat } from './packed-format.js';

/**
 * NF4 as bitsandbytes has it: the codes u8 under the weight's name, and `.absmax`, f32, or, with `nestedBlock`, u8 beside
 * `.nested_absmax` f32 and `.nested_offset` f32 [1].
 */
export const normalFloats = (blocks: NormalFloatBlocks): PackedFormat => ({
  name: 'nf4',
  suffixes: ['', '.absmax', ...(blocks.nestedBlock === undefined ? [] : ['.nested_absmax', '.nested_offset'])],
  matrix(layer, shape) {
    const matrix: QuantizedMatrix = { format: 'nf4', shape, block: blocks.block };
    const codes = layer.packedPart('weight', tensorType([Math.ceil(elementCount(shape) / 2)], 'u8'));
    return { matrix, inputs: [codes, scalesOf(layer, matrix, blocks)] };
  },
  numbers: (parts, shape) => fromNormalFloats(parts, shape, blocks),
});

function scalesOf(layer: Scope, { shape, block }: QuantizedMatrix, { nestedBlock }: NormalFloatBlocks): Value {
  const count = Math.ceil(elementCount(shape) / block);
  if (nestedBlock === undefined) return layer.packedPart('weight.absmax', tensorType([count]));
  return quantizedScales({
    codes: layer.packedPart('weight.absmax', tensorType([count], 'u8')),
    scale: layer.packedPart('weight.nested_absmax', tensorType([Math.ceil(count / nestedBlock)])),
    offset: layer.packedPart('weight.nested_offset', tensorType([1])),
    table: layer.builder.constant(hostTensor([256], dynamicMap())),
    block: nestedBlock,
  });
}
