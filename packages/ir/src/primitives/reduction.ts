/** What the reductions share. */
import type { ReferenceTensor } from '../definition.js';
import { referenceData, stridesOf, walk } from '../reference.js';
import type { SampleOptions } from '../samples.js';
import { expectAxes, expectInputs } from '../shape.js';
import { elementCount, type TensorType } from '../tensor.js';

export type ReductionAttributes = {
  /** The axes to reduce, ascending; the result does not have them. */
  readonly axes: readonly number[];
};

export function inferReduction(
  name: string,
  inputs: readonly TensorType[],
  { axes }: ReductionAttributes,
): readonly TensorType[] {
  expectInputs(name, inputs, 1);
  const { shape, dtype } = inputs[0]!;
  expectAxes(name, axes, shape.length, inputs);
  return [{ shape: shape.filter((_, axis) => !axes.includes(axis)), dtype }];
}

export function reduceReference(
  x: ReferenceTensor,
  axes: readonly number[],
  type: TensorType,
  initial: number,
  combine: (accumulated: number, value: number) => number,
): ReferenceTensor {
  const data = referenceData(type.dtype, elementCount(type.shape)).fill(initial);
  const resultStrides = stridesOf(type.shape);
  const strides = x.type.shape.map((_, axis) => {
    if (axes.includes(axis)) return 0;
    return resultStrides[axis - axes.filter((reduced) => reduced < axis).length]!;
  });
  walk(x.type.shape, (flat, coordinates) => {
    let target = 0;
    for (let axis = 0; axis < strides.length; axis++) target += coordinates[axis]! * strides[axis]!;
    data[target] = combine(data[target]!, x.data[flat]!);
  });
  return { type, data };
}

export const reductionSamples: readonly SampleOptions<ReductionAttributes>[] = [
  { inputs: [[2, 3]], attributes: { axes: [1] } },
  { inputs: [[2, 3, 4]], attributes: { axes: [0, 2] } },
  { inputs: [[5]], attributes: { axes: [0] } },
  { inputs: [[2, 1, 3]], attributes: { axes: [] } },
];
