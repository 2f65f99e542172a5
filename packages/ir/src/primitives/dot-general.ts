import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { fill, stridedOffsets, stridesOf } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectInputs, shapeError } from '../shape.js';
import { transpose } from './transpose.js';

export type DotGeneralAttributes = {
  readonly lhsBatch: readonly number[];
  readonly rhsBatch: readonly number[];
  readonly lhsContract: readonly number[];
  readonly rhsContract: readonly number[];
};

/** The axes that are not used, ascending. */
export const freeAxes = (rank: number, ...used: readonly (readonly number[])[]): number[] =>
  Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !used.some((axes) => axes.includes(axis)));

/**
 * StableHLO's dot_general: sums products over the contracting axes. The result has the batch axes, then the free axes
 * of the left operand, then those of the right one.
 */
export const dotGeneralDefinition = definePrimitive<'dot_general', DotGeneralAttributes>({
  name: 'dot_general',
  infer(inputs, { lhsBatch, rhsBatch, lhsContract, rhsContract }) {
    expectInputs('dot_general', inputs, 2);
    const [lhs, rhs] = [inputs[0]!, inputs[1]!];
    const pair = (left: readonly number[], right: readonly number[]) =>
      left.length === right.length && left.every((axis, index) => lhs.shape[axis] === rhs.shape[right[index]!]);
    if (lhs.dtype !== rhs.dtype || !pair(lhsBatch, rhsBatch) || !pair(lhsContract, rhsContract)) {
      throw shapeError('dot_general', 'batch and contracting axes must pair up in size and dtype', inputs);
    }
    return [
      {
        shape: [
          ...lhsBatch.map((axis) => lhs.shape[axis]!),
          ...freeAxes(lhs.shape.length, lhsBatch, lhsContract).map((axis) => lhs.shape[axis]!),
          ...freeAxes(rhs.shape.length, rhsBatch, rhsContract).map((axis) => rhs.shape[axis]!),
        ],
        dtype: lhs.dtype,
      },
    ];
  },
  vjp({ inputs, attributes, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined, undefined];
    const [lhs, rhs] = [inputs[0]!, inputs[1]!];
    const { lhsBatch, rhsBatch, lhsContract, rhsContract } = attributes;
    const lhsFree = freeAxes(lhs.type.shape.length, lhsBatch, lhsContract);
    const rhsFree = freeAxes(rhs.type.shape.length, rhsBatch, rhsContract);
    const batch = lhsBatch.map((_, index) => index);
    const lhsPart = lhsFree.map((_, index) => batch.length + index);
    const rhsPart = rhsFree.map((_, index) => batch.length + lhsPart.length + index);
    // Operand order is chosen so that the result needs no transpose in the usual case of `x W^T`.
    const lhsCotangent = alignedDot(
      { value: cotangent, batch, contract: rhsPart, freeTargets: lhsFree },
      { value: rhs, batch: rhsBatch, contract: rhsFree, freeTargets: pairedInOrder(rhsContract, lhsContract) },
      lhsBatch,
    );
    const rhsCotangent = alignedDot(
      { value: cotangent, batch, contract: lhsPart, freeTargets: rhsFree },
      { value: lhs, batch: lhsBatch, contract: lhsFree, freeTargets: pairedInOrder(lhsContract, rhsContract) },
      rhsBatch,
    );
    return [lhsCotangent, rhsCotangent];
  },
  reference([lhs, rhs], { lhsBatch, rhsBatch, lhsContract, rhsContract }, [type]) {
    const [leftShape, rightShape] = [lhs!.type.shape, rhs!.type.shape];
    const [leftStrides, rightStrides] = [stridesOf(leftShape), stridesOf(rightShape)];
    const lhsFree = freeAxes(leftShape.length, lhsBatch, lhsContract);
    const rhsFree = freeAxes(rightShape.length, rhsBatch, rhsContract);
    const at = (strides: readonly number[], axes: readonly number[]) => axes.map((axis) => strides[axis]!);
    const none = (axes: readonly number[]) => axes.map(() => 0);
    const contracted = lhsContract.map((axis) => leftShape[axis]!);
    const left = stridedOffsets(type!.shape, [
      ...at(leftStrides, lhsBatch),
      ...at(leftStrides, lhsFree),
      ...none(rhsFree),
    ]);
    const right = stridedOffsets(type!.shape, [
      ...at(rightStrides, rhsBatch),
      ...none(lhsFree),
      ...at(rightStrides, rhsFree),
    ]);
    const leftSum = stridedOffsets(contracted, at(leftStrides, lhsContract));
    const rightSum = stridedOffsets(contracted, at(rightStrides, rhsContract));
    return [
      fill(type!, (index) => {
        let sum = 0;
        for (let k = 0; k < leftSum.length; k++) {
          sum += lhs!.data[left[index]! + leftSum[k]!]! * rhs!.data[right[index]! + rightSum[k]!]!;
        }
        return sum;
      }),
    ];
  },
});

export const dotGeneralSamples = () =>
  samplesOf<DotGeneralAttributes>(
    {
      name: 'matrix',
      inputs: [
        [2, 3],
        [3, 4],
      ],
      attributes: { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] },
    },
    {
      name: 'x W^T',
      inputs: [
        [2, 3, 4],
        [5, 4],
      ],
      attributes: { lhsBatch: [], rhsBatch: [], lhsContract: [2], rhsContract: [1] },
    },
    {
      name: 'batched',
      inputs: [
        [2, 3, 4],
        [2, 4, 5],
      ],
      attributes: { lhsBatch: [0], rhsBatch: [0], lhsContract: [2], rhsContract: [1] },
    },
    {
      name: 'heads',
      inputs: [
        [2, 3, 2, 4],
        [2, 5, 2, 4],
      ],
      attributes: { lhsBatch: [0, 2], rhsBatch: [0, 2], lhsContract: [3], rhsContract: [3] },
    },
    {
      name: 'two contracted',
      inputs: [
        [2, 3, 4],
        [3, 2, 5],
      ],
      attributes: { lhsBatch: [], rhsBatch: [], lhsContract: [0, 1], rhsContract: [1, 0] },
    },
    { name: 'outer', inputs: [[2], [3]], attributes: { lhsBatch: [], rhsBatch: [], lhsContract: [], rhsContract: [] } },
    {
      name: 'inner',
      inputs: [[6], [6]],
      attributes: { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [0] },
    },
  );

interface DotOperand {
  readonly value: Value;
  readonly batch: readonly number[];
  readonly contract: readonly number[];
  /** For each free axis of the operand, in its order, the axis of the wanted result. */
  readonly freeTargets: readonly number[];
}

/** A product whose result axes are put in the wanted order, by swapping the operands or else by a transpose. */
function alignedDot(first: DotOperand, second: DotOperand, batchTargets: readonly number[]): Value {
  const product = (left: DotOperand, right: DotOperand) => ({
    targets: [...batchTargets, ...left.freeTargets, ...right.freeTargets],
    build: () =>
      dotGeneral(left.value, right.value, {
        lhsBatch: left.batch,
        rhsBatch: right.batch,
        lhsContract: left.contract,
        rhsContract: right.contract,
      }),
  });
  const inOrder = (targets: readonly number[]) => targets.every((target, axis) => target === axis);
  const swapped = product(second, first);
  if (inOrder(swapped.targets)) return swapped.build();
  const straight = product(first, second);
  return transpose(
    straight.build(),
    straight.targets.map((_, axis) => straight.targets.indexOf(axis)),
  );
}

/** Contracting axes of one operand in its axis order, mapped to the paired axes of the other. */
function pairedInOrder(own: readonly number[], paired: readonly number[]): number[] {
  return own
    .map((axis, index) => ({ axis, target: paired[index]! }))
    .sort((a, b) => a.axis - b.axis)
    .map(({ target }) => target);
}

export function dotGeneral(lhs: Value, rhs: Value, attributes: DotGeneralAttributes): Value {
  return lhs.builder.apply(dotGeneralDefinition, [lhs, rhs], attributes)[0]!;
}
