/** Models over weights of few bits, which stay so on the device. */
import { dequantize, quantizedMatmul } from '@attune/ir';
import type { Model } from '../model.js';
import type { PackedWeight, Scope } from '../scope.js';
import type { PackedFormat, PackedFormats } from './packed-format.js';

/** The model with these weights packed: in place of each it has the parts of its format, none of which trains. */
export function packedModel(model: Model, formats: PackedFormats): Model {
  const weights = new Map([...formats].map(([name, format]) => [name, packedWeight(format)]));
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

function packedWeight(format: PackedFormat): PackedWeight {
  const matrixOf = (layer: Scope, [rows, width]: readonly number[]) => format.matrix(layer, [rows!, width!]);
  return {
    product(layer, x, shape) {
      const { matrix, inputs } = matrixOf(layer, shape);
      return quantizedMatmul(x, inputs, matrix);
    },
    values(layer, shape) {
      const { matrix, inputs } = matrixOf(layer, shape);
      return dequantize(inputs, matrix);
    },
  };
}
