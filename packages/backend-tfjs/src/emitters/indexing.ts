/** Gather and scatter along one axis. */
import { aroundAxis, elementCount, type GatherAttributes, type ScatterAddAttributes } from '@attune/ir';
import type { Emit } from './emitter.js';

export const emitGather: Emit<GatherAttributes> = (lowering, op, { axis }) => {
  const { plan } = lowering;
  const x = lowering.full(op.inputs[0]!);
  const { shape, dtype } = plan.type(x);
  const ids = lowering.full(op.inputs[1]!);
  const count = elementCount(plan.type(ids).shape);
  const type = { shape: [...shape.slice(0, axis), count, ...shape.slice(axis + 1)], dtype };
  const indices = plan.reshaped(ids, [count]);
  lowering.result(op.outputs[0]!, plan.kernel('GatherV2', { x, indices }, { axis, batchDims: 0 }, type));
};

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
