/** Choosing between tensors by a mask. */
import type { ValueId } from '@attune/ir';
import type { Lowering } from '../lowering/lowering.js';
import type { SlotId } from '../lowering/plan.js';
import type { PlanBuilder } from '../lowering/plan-builder.js';
import type { Emit } from './emitter.js';

export const emitSelect: Emit<unknown> = (lowering, op) => {
  const [condition, t, e] = op.inputs.map((id) => lowering.held(id));
  lowering.hold(op.outputs[0]!, choose(lowering.plan, condition!, t!, e!));
};

/**
 * `condition ? t : e`. Native TensorFlow broadcasts the three, the kernel of TensorFlow.js takes full tensors, and
 * WebAssembly's writes beyond the end of bools.
 */
export function choose(plan: PlanBuilder, condition: SlotId, t: SlotId, e: SlotId): SlotId {
  const type = plan.broadcastType([condition, t, e], plan.type(t).dtype);
  if (plan.target.native) return plan.native('SelectV2', [condition, t, e], [plan.typeAttribute('T', t)], type);
  if (type.dtype === 'bool') return chooseBool(plan, condition, t, e);
  const full = (slot: SlotId) => plan.expanded(slot, type.shape);
  return plan.kernel('Select', { condition: full(condition), t: full(t), e: full(e) }, {}, type);
}

function chooseBool(plan: PlanBuilder, condition: SlotId, t: SlotId, e: SlotId): SlotId {
  const logical = (kernel: 'LogicalAnd' | 'LogicalOr', a: SlotId, b: SlotId) =>
    plan.kernel(kernel, { a, b }, {}, plan.broadcastType([a, b], 'bool'));
  const otherwise = plan.kernel('LogicalNot', { x: condition }, {}, plan.type(condition));
  return logical('LogicalOr', logical('LogicalAnd', condition, t), logical('LogicalAnd', otherwise, e));
}

/** `mask ? x * scale : 0`. */
export function maskAndScale(lowering: Lowering, x: ValueId, mask: ValueId, scale: number): SlotId {
  const { plan } = lowering;
  const operand = lowering.held(x);
  const scaled = plan.kernel('Multiply', { a: operand, b: plan.scalar(scale) }, {}, plan.type(operand));
  return choose(plan, lowering.held(mask), scaled, plan.scalar(0));
}
