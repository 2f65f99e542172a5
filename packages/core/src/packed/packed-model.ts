/** Models over weights of few bits, which stay so on the device. */
import {
  dequantize,
  dynamicMap,
  elementCount,
  hostTensor,
  type QuantizedMatrix,
  quantizedMatmul,
  quantizedScales,
  tensorType,
  type Value,
} from '@attune/ir';
import type { Model } from '../model.js';
import type { PackedWeight, Scope } from '../scope.js';
import type { NormalFloatFormat, PackedFormats } from './packed-formats.js';

/**
 * The model with these weights in NF4. In place of `<weight>` [rows, width] it has the codes u8 under the weight's name, and
 * `<weight>.absmax`, f32, or, with `nestedBlock`, u8 beside `.nested_absmax` f32 and `.nested_offset` f32 [1]. None of them
 * trains.
 */
export function packedModel(model: Model, formats: PackedFormats): Model {
  const weights = new Map([...formats].map(([name, format]) => [name, normalFloats(format)]));
  return {
    ...model,
    packed: { formats, unpacked: model },
    forward: (scope, inputs) =>
      model.forward(
        scope.packing((name) => weights.get(name)),
        inputs,
      ),
  };
}

function normalFloats(format: NormalFloatFormat): PackedWeight {
  const parts = (layer: Scope, [rows, width]: readonly number[]) => {
    const matrix: QuantizedMatrix = { format: 'nf4', shape: [rows!, width!], block: format.block };
    const codes = layer.packedPart('weight', tensorType([Math.ceil((rows! * width!) / 2)], 'u8'));
    return { matrix, inputs: [codes, scalesOf(layer, matrix, format)] as const };
  };
  return {
    product(layer, x, shape) {
      const { matrix, inputs } = parts(layer, shape);
      return quantizedMatmul(x, inputs, matrix);
    },
    values(layer, shape) {
      const { matrix, inputs } = parts(layer, shape);
      return dequantize(inputs, matrix);
    },
  };
}

function scalesOf(layer: Scope, { shape, block }: QuantizedMatrix, { nestedBlock }: NormalFloatFormat): Value {
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
