/** Kernels that move elements. */
import {
  type BroadcastAttributes,
  type CastAttributes,
  type ConcatAttributes,
  hostTensor,
  type IotaAttributes,
  type PadAttributes,
  type ReverseAttributes,
  type SliceAttributes,
  type TransposeAttributes,
} from '@attune/ir';
import { deviceTypes, isDeviceDType } from '../dtypes.js';
import type { SlotId } from '../lowering/plan.js';
import type { PlanBuilder } from '../lowering/plan-builder.js';
import { movedAsWords } from './bools.js';
import type { Emit } from './emitter.js';

/** A broadcast is a reshape that inserts axes of size 1, if it is anything at all. */
export const emitBroadcast: Emit<BroadcastAttributes> = (lowering, op, { shape, dimensions }) => {
  const { plan } = lowering;
  const [source, target] = [op.inputs[0]!, op.outputs[0]!];
  const slot = lowering.held(source);
  const held = plan.type(slot).shape;
  const padded = [...new Array<number>(dimensions.length - held.length).fill(1), ...held];
  const aligned = shape.map((_, axis) => padded[dimensions.indexOf(axis)] ?? 1);
  lowering.hold(target, plan.reshaped(slot, withoutLeadingOnes(aligned)));
  lowering.keepScalar(target, source);
};

const withoutLeadingOnes = (shape: readonly number[]): readonly number[] => {
  const first = shape.findIndex((size) => size !== 1);
  return first < 0 ? [] : shape.slice(first);
};

/** The same slot under another name. */
export const emitStopGradient: Emit<unknown> = (lowering, op) => {
  lowering.hold(op.outputs[0]!, lowering.held(op.inputs[0]!));
  lowering.keepScalar(op.outputs[0]!, op.inputs[0]!);
};

/** A reshape of something that is held as a scalar stays a scalar. */
export const emitReshape: Emit<unknown> = (lowering, op) => {
  const [source, target] = [op.inputs[0]!, op.outputs[0]!];
  const slot = lowering.held(source);
  if (lowering.plan.type(slot).shape.length > 0) return lowering.result(target, lowering.full(source));
  lowering.hold(target, slot);
  lowering.keepScalar(target, source);
};

export const emitTranspose: Emit<TransposeAttributes> = (lowering, op, { permutation }) =>
  lowering.hold(op.outputs[0]!, lowering.plan.transposed(lowering.full(op.inputs[0]!), permutation));

/** Cast; to bool it is a comparison, since not every flavour makes 1 of a 2. */
export const emitCast: Emit<CastAttributes> = (lowering, op, { dtype }) => {
  const { plan } = lowering;
  const x = lowering.held(op.inputs[0]!);
  const { shape, dtype: from } = plan.type(x);
  if (!isDeviceDType(dtype)) throw new TypeError(`${dtype} is not on the device`);
  const [id] = op.outputs;
  if (from === dtype) lowering.hold(id!, x);
  else if (dtype !== 'bool')
    lowering.hold(id!, plan.kernel('Cast', { x }, { dtype: deviceTypes[dtype] }, { shape, dtype }));
  else {
    const zero = plan.scalar(0, from === 'i32' ? 'i32' : 'f32');
    lowering.hold(id!, plan.kernel('NotEqual', { a: x, b: zero }, {}, { shape, dtype }));
  }
};

export const emitSlice: Emit<SliceAttributes> = (lowering, op, { start, limit, strides }) =>
  lowering.hold(op.outputs[0]!, slice(lowering.plan, lowering.full(op.inputs[0]!), start, limit, strides));

function slice(
  plan: PlanBuilder,
  x: SlotId,
  start: readonly number[],
  limit: readonly number[],
  strides: readonly number[],
): SlotId {
  const shape = start.map((from, axis) => Math.ceil((limit[axis]! - from) / strides[axis]!));
  if (strides.every((stride) => stride === 1)) {
    const type = { shape, dtype: plan.type(x).dtype };
    return plan.kernel('Slice', { x }, { begin: [...start], size: shape }, type);
  }
  const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
  const bounds = { begin: [...start], end: [...limit], strides: [...strides] };
  return movedAsWords(plan, x, (own) =>
    plan.kernel('StridedSlice', { x: own }, { ...bounds, ...masks }, { shape, dtype: plan.type(own).dtype }),
  );
}

/** PadV2; padding between elements is made as padding behind each element of a new axis, and cut at the end. */
export const emitPad: Emit<PadAttributes> = (lowering, op, { low, high, interior, value }) => {
  const { plan } = lowering;
  let x = lowering.full(op.inputs[0]!);
  for (const [axis, between] of interior.entries()) {
    const { shape } = plan.type(x);
    const size = shape[axis]!;
    if (between === 0 || size < 2) continue;
    const apart = plan.reshaped(x, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
    const none = new Array<number>(shape.length + 1).fill(0);
    const padded = surround(plan, apart, none, none.with(axis + 1, between), value);
    const joined = plan.reshaped(padded, shape.with(axis, size * (between + 1)));
    const cut = shape.with(axis, size * (between + 1) - between);
    x = slice(
      plan,
      joined,
      cut.map(() => 0),
      cut,
      cut.map(() => 1),
    );
  }
  lowering.hold(op.outputs[0]!, surround(plan, x, low, high, value));
};

function surround(
  plan: PlanBuilder,
  x: SlotId,
  low: readonly number[],
  high: readonly number[],
  constantValue: number,
): SlotId {
  if ([...low, ...high].every((amount) => amount === 0)) return x;
  const { shape, dtype } = plan.type(x);
  const paddings = low.map((before, axis) => [before, high[axis]!]);
  const type = { shape: shape.map((size, axis) => low[axis]! + size + high[axis]!), dtype };
  return plan.kernel('PadV2', { x }, { paddings, constantValue }, type);
}

export const emitConcat: Emit<ConcatAttributes> = (lowering, op, { axis }) => {
  const slots = op.inputs.map((id) => lowering.full(id));
  const [id] = op.outputs;
  lowering.hold(id!, lowering.plan.concat(slots, axis, lowering.type(id!)));
};

export const emitReverse: Emit<ReverseAttributes> = (lowering, op, { axes }) => {
  const { plan } = lowering;
  const reversed = movedAsWords(plan, lowering.full(op.inputs[0]!), (x) =>
    plan.kernel('Reverse', { x }, { dims: [...axes] }, plan.type(x)),
  );
  lowering.hold(op.outputs[0]!, reversed);
};

/** A constant along its axis; the other axes are broadcast. */
export const emitIota: Emit<IotaAttributes> = (lowering, op, { shape, axis, dtype }) => {
  const size = shape[axis]!;
  const held = [size, ...shape.slice(axis + 1).map(() => 1)];
  const numbers = Array.from({ length: size }, (_, index) => index);
  lowering.hold(op.outputs[0]!, lowering.plan.constant(hostTensor(held, numbers, dtype)));
};
