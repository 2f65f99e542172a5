import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { aroundAxis, referenceData } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectDType, expectInputs, shapeError } from '../shape.js';
import { hostTensor, sameShape } from '../tensor.js';
import { checkIndex, gather } from './gather.js';

export type ScatterAddAttributes = { readonly axis: number };

/**
 * The operand plus updates, which are shaped like `gather(operand, indices, axis)`; repeated indices add up. The
 * inverse of gather, and the gradient of an embedding.
 */
export const scatterAddDefinition = definePrimitive<'scatter_add', ScatterAddAttributes>({
  name: 'scatter_add',
  infer(inputs, { axis }) {
    expectInputs('scatter_add', inputs, 3);
    const [operand, indices, updates] = [inputs[0]!, inputs[1]!, inputs[2]!];
    expectDType('scatter_add', indices, ['i32'], inputs);
    const expected = [...operand.shape.slice(0, axis), ...indices.shape, ...operand.shape.slice(axis + 1)];
    if (
      axis < 0 ||
      axis >= operand.shape.length ||
      !sameShape(expected, updates.shape) ||
      operand.dtype !== updates.dtype
    ) {
      throw shapeError('scatter_add', `updates must have the shape [${expected}]`, inputs);
    }
    return [operand];
  },
  vjp: ({ inputs: [, indices], attributes: { axis }, cotangents: [cotangent] }) => [
    cotangent,
    undefined,
    cotangent && gather(cotangent, indices!, axis),
  ],
  reference([operand, indices, updates], { axis }, [type]) {
    const [outer, size, inner] = aroundAxis(operand!.type.shape, axis);
    const count = indices!.data.length;
    const data = referenceData(type!.dtype, operand!.data.length);
    data.set(operand!.data);
    for (let row = 0; row < outer; row++) {
      for (let position = 0; position < count; position++) {
        const target = (row * size + checkIndex('scatter_add', indices!.data[position]!, size)) * inner;
        const from = (row * count + position) * inner;
        for (let offset = 0; offset < inner; offset++) data[target + offset]! += updates!.data[from + offset]!;
      }
    }
    return [{ type: type!, data }];
  },
});

export const scatterAddSamples = () =>
  samplesOf<ScatterAddAttributes>(
    { name: 'rows', inputs: [[5, 3], hostTensor([4], [1, 1, 0, 4], 'i32'), [4, 3]], attributes: { axis: 0 } },
    { name: 'columns', inputs: [[2, 4], hostTensor([3], [2, 0, 2], 'i32'), [2, 3]], attributes: { axis: 1 } },
    {
      name: 'matrix of indices',
      inputs: [[6], hostTensor([2, 2], [5, 5, 0, 1], 'i32'), [2, 2]],
      attributes: { axis: 0 },
    },
  );

export function scatterAdd(operand: Value, indices: Value, updates: Value, axis = 0): Value {
  return operand.builder.apply(scatterAddDefinition, [operand, indices, updates], { axis })[0]!;
}
