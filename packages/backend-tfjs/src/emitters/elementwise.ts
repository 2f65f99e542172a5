/** Elementwise kernels work on slots in whatever shape they are held, and leave broadcasting to TensorFlow.js. */
import type { CompareAttributes } from '@attune/ir';
import type { SlotId } from '../lowering/plan.js';
import type { Emit } from './emitter.js';
import { emitOnHost } from './host.js';
import { choose } from './select.js';

/** A kernel of one operand, called `x`. */
export function unary(kernel: string): Emit<unknown> {
  return (lowering, op) => {
    const { plan } = lowering;
    const x = lowering.held(op.inputs[0]!);
    const { dtype } = lowering.type(op.outputs[0]!);
    lowering.hold(op.outputs[0]!, plan.kernel(kernel, { x }, {}, { shape: plan.type(x).shape, dtype }));
  };
}

/** A kernel of the operands `a` and `b`. */
export function binary(kernel: string): Emit<unknown> {
  return (lowering, op) => {
    const { plan } = lowering;
    const [a, b] = [lowering.held(op.inputs[0]!), lowering.held(op.inputs[1]!)];
    const type = plan.broadcastType([a, b], lowering.type(op.outputs[0]!).dtype);
    lowering.hold(op.outputs[0]!, plan.kernel(kernel, { a, b }, {}, type));
  };
}

/** On floats only: TensorFlow.js divides integers by rounding down, and takes their powers in floats. */
export function floatsOnly(emit: Emit<unknown>): Emit<unknown> {
  return (lowering, op, attributes) =>
    lowering.type(op.inputs[0]!).dtype === 'f32' ? emit(lowering, op, attributes) : emitOnHost(lowering, op);
}

/** Maximum and minimum, which are NaN where an operand is. */
export function extreme(kernel: 'Maximum' | 'Minimum'): Emit<unknown> {
  return (lowering, op) => {
    binary(kernel)(lowering, op, {});
    const { plan } = lowering;
    const b = lowering.held(op.inputs[1]!);
    const { shape, dtype } = plan.type(b);
    if (!plan.target.extremesDropNaN || dtype !== 'f32') return;
    const isNumber = plan.kernel('Equal', { a: b, b }, {}, { shape, dtype: 'bool' });
    lowering.hold(op.outputs[0]!, choose(plan, isNumber, lowering.held(op.outputs[0]!), b));
  };
}

/** C's fmod from a modulus that rounds down: of the absolute values, with the sign of the first. */
export const emitRem: Emit<unknown> = (lowering, op) => {
  const { plan } = lowering;
  const [a, b] = [lowering.held(op.inputs[0]!), lowering.held(op.inputs[1]!)];
  const like = (kernel: string, x: SlotId) => plan.kernel(kernel, { x }, {}, plan.type(x));
  const type = plan.broadcastType([a, b], 'f32');
  const modulus = plan.kernel('Mod', { a: like('Abs', a), b: like('Abs', b) }, {}, type);
  lowering.hold(op.outputs[0]!, plan.kernel('Multiply', { a: like('Sign', a), b: modulus }, {}, type));
};

/** Sign, which TensorFlow.js makes 0 for NaN. */
export const emitSign: Emit<unknown> = (lowering, op) => {
  const { plan } = lowering;
  const x = lowering.held(op.inputs[0]!);
  const { shape } = plan.type(x);
  const sign = plan.kernel('Sign', { x }, {}, { shape, dtype: 'f32' });
  const isNumber = plan.kernel('Equal', { a: x, b: x }, {}, { shape, dtype: 'bool' });
  lowering.hold(op.outputs[0]!, choose(plan, isNumber, sign, x));
};

const comparisons = {
  eq: 'Equal',
  ne: 'NotEqual',
  lt: 'Less',
  le: 'LessEqual',
  gt: 'Greater',
  ge: 'GreaterEqual',
} as const;

export const emitCompare: Emit<CompareAttributes> = (lowering, op, { direction }) =>
  binary(comparisons[direction])(lowering, op, {});
