import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { AttuneError } from '../errors.js';
import { aroundAxis, referenceData } from '../reference.js';
import { samplesOf, uniform } from '../samples.js';
import { expectDType, expectInputs, shapeError } from '../shape.js';
import { elementCount, hostTensor } from '../tensor.js';
import { broadcastTo } from './broadcast.js';
import { scatterAdd } from './scatter-add.js';

export type GatherAttributes = { readonly axis: number };

/**
 * Slices of the operand by i32 indices along an axis: the indices' axes take the place of that axis. Indices must be in
 * range; the reference throws, devices need not.
 */
export const gatherDefinition = definePrimitive<'gather', GatherAttributes>({
  name: 'gather',
  infer(inputs, { axis }) {
    expectInputs('gather', inputs, 2);
    const [operand, indices] = [inputs[0]!, inputs[1]!];
    expectDType('gather', indices, ['i32'], inputs);
    if (axis < 0 || axis >= operand.shape.length) throw shapeError('gather', `there is no axis ${axis}`, inputs);
    return [
      {
        shape: [...operand.shape.slice(0, axis), ...indices.shape, ...operand.shape.slice(axis + 1)],
        dtype: operand.dtype,
      },
    ];
  },
  vjp({ inputs: [operand, indices], attributes: { axis }, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined, undefined];
    const zero = broadcastTo(cotangent.builder.scalar(0), operand!.type.shape);
    return [scatterAdd(zero, indices!, cotangent, axis), undefined];
  },
  reference([operand, indices], { axis }, [type]) {
    const [outer, size, inner] = aroundAxis(operand!.type.shape, axis);
    const count = indices!.data.length;
    const data = referenceData(type!.dtype, elementCount(type!.shape));
    for (let row = 0; row < outer; row++) {
      for (let position = 0; position < count; position++) {
        const index = checkIndex('gather', indices!.data[position]!, size);
        const from = (row * size + index) * inner;
        data.set(operand!.data.subarray(from, from + inner), (row * count + position) * inner);
      }
    }
    return [{ type: type!, data }];
  },
});

export const gatherSamples = () =>
  samplesOf<GatherAttributes>(
    { name: 'embedding', inputs: [[5, 3], hostTensor([2, 2], [4, 0, 0, 2], 'i32')], attributes: { axis: 0 } },
    { name: 'columns', inputs: [[2, 4, 3], hostTensor([2], [3, 3], 'i32')], attributes: { axis: 1 } },
    {
      name: 'bool',
      inputs: [uniform([9, 3], [0, 2], 5, 'bool'), hostTensor([2], [8, 1], 'i32')],
      attributes: { axis: 0 },
    },
    { name: 'scalar index', inputs: [[4], hostTensor([], [2], 'i32')], attributes: { axis: 0 } },
  );

/** @throws AttuneError `E_INDEX` */
export function checkIndex(op: string, index: number, size: number): number {
  if (index < 0 || index >= size) {
    throw new AttuneError('E_INDEX', `${op}: index ${index} is outside an axis of ${size}.`, { field: op });
  }
  return index;
}

export function gather(operand: Value, indices: Value, axis = 0): Value {
  return operand.builder.apply(gatherDefinition, [operand, indices], { axis })[0]!;
}
