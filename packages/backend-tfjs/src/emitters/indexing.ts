/** Gather and scatter along one axis. */
import { elementCount, type GatherAttributes, type ScatterAddAttributes } from '@attune/ir';
import { aroundAxis } from '@attune/ir/internal';
import type { SlotId } from '../lowering/plan.js';
import type { PlanBuilder } from '../lowering/plan-builder.js';
import { movedAsWords } from './bools.js';
import type { Emit } from './emitter.js';

export const emitGather: Emit<GatherAttributes> = (lowering, op, { axis }) => {
  const { plan } = lowering;
  const ids = lowering.full(op.inputs[1]!);
  const indices = plan.reshaped(ids, [elementCount(plan.type(ids).shape)]);
  lowering.result(op.outputs[0]!, gatherRows(plan, lowering.full(op.inputs[0]!), axis, indices));
};

/** Rows of an axis by a list of indices. */
export function gatherRows(plan: PlanBuilder, x: SlotId, axis: number, indices: SlotId): SlotId {
  const { shape } = plan.type(x);
  const [count] = plan.type(indices).shape;
  return movedAsWords(plan, x, (own) => {
    const type = { shape: shape.with(axis, count!), dtype: plan.type(own).dtype };
    return plan.kernel('GatherV2', { x: own, indices }, { axis, batchDims: 0 }, type);
  });
}

/** ScatterNd of whole rows, which sums repeated indices; the axis is moved to the front for it. */
export const emitScatterAdd: Emit<ScatterAddAttributes> = (lowering, op, { axis }) => {
  const { plan } = lowering;
  const [operand, ids, updates] = [op.inputs[0]!, op.inputs[1]!, op.inputs[2]!];
  const { shape, dtype } = lowering.type(operand);
  const [outer, size, inner] = aroundAxis(shape, axis);
  const count = elementCount(lowering.type(ids).shape);
  const front = plan.transposed(plan.reshaped(lowering.full(updates), [outer, count, inner]), [1, 0, 2]);
  const sums = plan.kernel(
    'ScatterNd',
    { indices: plan.reshaped(lowering.full(ids), [count, 1]), updates: plan.reshaped(front, [count, outer * inner]) },
    { shape: [size, outer * inner] },
    { shape: [size, outer * inner], dtype },
  );
  const added = plan.reshaped(plan.transposed(plan.reshaped(sums, [size, outer, inner]), [1, 0, 2]), shape);
  const isZero = lowering.scalarOf(operand) === 0;
  const result = isZero ? added : plan.kernel('Add', { a: lowering.held(operand), b: added }, {}, { shape, dtype });
  lowering.hold(op.outputs[0]!, result);
};
