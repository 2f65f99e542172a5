/** Kernels that work along axes. */
import type { ArgmaxAttributes, CumsumAttributes, ReductionAttributes, SortAttributes } from '@attune/ir';
import type { SlotId } from '../lowering/plan.js';
import type { PlanBuilder } from '../lowering/plan-builder.js';
import type { Emit } from './emitter.js';

/** @param axesName what the kernel calls its axes */
export function reduction(kernel: 'Sum' | 'Max' | 'Min', axesName: string): Emit<ReductionAttributes> {
  return (lowering, op, { axes }) => {
    const x = lowering.full(op.inputs[0]!);
    const attributes = { [axesName]: [...axes], keepDims: false };
    const [id] = op.outputs;
    lowering.hold(id!, axes.length === 0 ? x : lowering.plan.kernel(kernel, { x }, attributes, lowering.type(id!)));
  };
}

export const emitArgmax: Emit<ArgmaxAttributes> = (lowering, op, { axis }) => {
  const x = lowering.full(op.inputs[0]!);
  const [id] = op.outputs;
  lowering.hold(id!, lowering.plan.kernel('ArgMax', { x }, { axis }, lowering.type(id!)));
};

export const emitCumsum: Emit<CumsumAttributes> = (lowering, op, { axis, reverse }) => {
  const x = lowering.full(op.inputs[0]!);
  const attributes = { axis, exclusive: false, reverse };
  const [id] = op.outputs;
  lowering.hold(id!, lowering.plan.kernel('Cumsum', { x }, attributes, lowering.type(id!)));
};

/** TopK of the whole axis, which orders by value and then by index: a stable sort. */
export const emitSort: Emit<SortAttributes> = (lowering, op, { axis, descending }) => {
  const { plan } = lowering;
  const { shape, dtype } = lowering.type(op.inputs[0]!);
  const last = shape.length - 1;
  const swap = shape.map((_, index) => (index === axis ? last : index === last ? axis : index));
  const x = plan.transposed(lowering.full(op.inputs[0]!), swap);
  const ordered = plan.type(x).shape;
  const [values, indices] = plan.kernels(
    'TopK',
    { x: descending ? x : mirrored(plan, x) },
    { k: shape[axis]!, sorted: true },
    [
      { shape: ordered, dtype },
      { shape: ordered, dtype: 'i32' },
    ],
  );
  lowering.hold(op.outputs[0]!, plan.transposed(descending ? values! : mirrored(plan, values!), swap));
  lowering.hold(op.outputs[1]!, plan.transposed(indices!, swap));
};

/** Numbers in the opposite order, exactly: -x, or -1 - x for integers, of which the smallest has no negative. */
function mirrored(plan: PlanBuilder, slot: SlotId): SlotId {
  const type = plan.type(slot);
  if (type.dtype === 'f32') return plan.kernel('Neg', { x: slot }, {}, type);
  return plan.kernel('Sub', { a: plan.scalar(-1, 'i32'), b: slot }, {}, type);
}
