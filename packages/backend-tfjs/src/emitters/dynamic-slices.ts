/** Parts whose start is data. Kernels take bounds as attributes; indices for a gather can be made on the device. */
import { type DynamicSliceAttributes, elementCount, type ValueId } from '@attune/ir';
import type { Lowering } from '../lowering/lowering.js';
import type { SlotId } from '../lowering/plan.js';
import type { PlanBuilder } from '../lowering/plan-builder.js';
import type { Emit } from './emitter.js';
import { gatherRows } from './indexing.js';
import { choose } from './select.js';

export const emitDynamicSlice: Emit<DynamicSliceAttributes> = (lowering, op, { sizes }) => {
  const { plan } = lowering;
  const [operand, ...starts] = op.inputs;
  const { shape } = lowering.type(operand!);
  const part = sizes.reduce((x, size, axis) => {
    if (size === shape[axis]) return x;
    const start = clampedStart(lowering, starts[axis]!, shape[axis]! - size);
    return gatherRows(plan, x, axis, integers(plan, 'Add', start, counted(plan, size)));
  }, lowering.full(operand!));
  lowering.hold(op.outputs[0]!, part);
};

/** Every row takes the nearest row of the update, and keeps it if that is its own. */
export const emitDynamicUpdateSlice: Emit<unknown> = (lowering, op) => {
  const { plan } = lowering;
  const [operand, update, ...starts] = op.inputs;
  const { shape } = lowering.type(operand!);
  const sizes = lowering.type(update!).shape;
  const full = lowering.full(operand!);
  if (elementCount(sizes) === 0) return lowering.hold(op.outputs[0]!, full);
  let rows = lowering.full(update!);
  let isReplaced: SlotId | undefined;
  for (const [axis, size] of sizes.entries()) {
    const whole = shape[axis]!;
    if (size === whole) continue;
    const start = clampedStart(lowering, starts[axis]!, whole - size);
    const places = integers(plan, 'Sub', counted(plan, whole), start);
    const nearest = clamped(plan, places, size - 1);
    rows = gatherRows(plan, rows, axis, nearest);
    const isOwn = plan.kernel('Equal', { a: places, b: nearest }, {}, { shape: [whole], dtype: 'bool' });
    const own = plan.reshaped(isOwn, [whole, ...shape.slice(axis + 1).map(() => 1)]);
    isReplaced = isReplaced === undefined ? own : both(plan, isReplaced, own);
  }
  lowering.hold(op.outputs[0]!, isReplaced === undefined ? rows : choose(plan, isReplaced, rows, full));
};

const integers = (plan: PlanBuilder, kernel: 'Add' | 'Sub' | 'Maximum' | 'Minimum', a: SlotId, b: SlotId): SlotId =>
  plan.kernel(kernel, { a, b }, {}, plan.broadcastType([a, b], 'i32'));

const both = (plan: PlanBuilder, a: SlotId, b: SlotId): SlotId =>
  plan.kernel('LogicalAnd', { a, b }, {}, plan.broadcastType([a, b], 'bool'));

/** 0, 1, …, size - 1. */
const counted = (plan: PlanBuilder, size: number): SlotId =>
  plan.integers(Array.from({ length: size }, (_, row) => row));

/** Numbers brought into [0, last]. */
const clamped = (plan: PlanBuilder, x: SlotId, last: number): SlotId =>
  integers(plan, 'Minimum', integers(plan, 'Maximum', x, plan.scalar(0, 'i32')), plan.scalar(last, 'i32'));

function clampedStart(lowering: Lowering, id: ValueId, last: number): SlotId {
  const known = lowering.scalarOf(id);
  if (known !== undefined) return lowering.plan.scalar(Math.min(Math.max(known, 0), last), 'i32');
  return clamped(lowering.plan, lowering.full(id), last);
}
