/** Primitives whose elements are elements of their operands, elsewhere. */
import type {
  BroadcastAttributes,
  ConcatAttributes,
  DynamicSliceAttributes,
  GatherAttributes,
  PadAttributes,
  ReverseAttributes,
  SliceAttributes,
  TransposeAttributes,
  ValueId,
} from '@attune/ir';
import {
  add,
  addConstant,
  constantIndex,
  divide,
  flatten,
  type Index,
  indexOf,
  scale,
  unflatten,
  within,
} from './index-expression.js';
import type { Express, Expressions } from './rule.js';
import type { Condition, Scalar } from './scalar.js';

export const broadcast: Express<BroadcastAttributes> = (expressions, { inputs }, { dimensions }, at) => {
  const shape = expressions.shapeOf(inputs[0]!);
  return expressions.element(
    inputs[0]!,
    dimensions.map((target, axis) => (shape[axis] === 1 ? constantIndex(0) : at[target]!)),
  );
};

export const reshape: Express<unknown> = (expressions, { inputs, outputs }, _, at) => {
  const flat = flatten(at, expressions.shapeOf(outputs[0]!));
  return expressions.element(inputs[0]!, unflatten(flat, expressions.shapeOf(inputs[0]!)));
};

export const transpose: Express<TransposeAttributes> = (expressions, { inputs }, { permutation }, at) =>
  expressions.element(
    inputs[0]!,
    permutation.map((_, axis) => at[permutation.indexOf(axis)]!),
  );

export const slice: Express<SliceAttributes> = (expressions, { inputs }, { start, strides }, at) =>
  expressions.element(
    inputs[0]!,
    at.map((index, axis) => addConstant(scale(index, strides[axis]!), start[axis]!)),
  );

export const same: Express<unknown> = (expressions, { inputs }, _, at) => expressions.element(inputs[0]!, at);

/** Where a part of an axis begins: a start that is data, clamped into [0, last]. */
export function startOf(expressions: Expressions, start: ValueId, last: number): Index {
  const scalar = expressions.element(start, []);
  if (scalar.kind === 'literal') return constantIndex(Math.min(Math.max(scalar.number, 0), last));
  return indexOf({ kind: 'scalar', scalar, size: last + 1 });
}

export const dynamicSlice: Express<DynamicSliceAttributes> = (expressions, { inputs }, { sizes }, at) => {
  const [operand, ...starts] = inputs;
  const shape = expressions.shapeOf(operand!);
  return expressions.element(
    operand!,
    at.map((index, axis) => add(index, startOf(expressions, starts[axis]!, shape[axis]! - sizes[axis]!))),
  );
};

export const dynamicUpdateSlice: Express<unknown> = (expressions, { inputs }, _, at) => {
  const [operand, update, ...starts] = inputs;
  const [shape, sizes] = [expressions.shapeOf(operand!), expressions.shapeOf(update!)];
  const outside = expressions.element(operand!, at);
  if (sizes.includes(0)) return outside;
  const conditions: Condition[] = [];
  const coordinates = at.map((index, axis) => {
    const [whole, size] = [shape[axis]!, sizes[axis]!];
    if (size === whole) return index;
    // Before the start it wraps around to a number above every size.
    const own = add(index, scale(startOf(expressions, starts[axis]!, whole - size), -1));
    conditions.push({ index: own, low: 0, limit: size, stride: 1 });
    return within(own, size);
  });
  return expressions.table.choose(conditions, expressions.element(update!, coordinates), outside);
};

export const reverse: Express<ReverseAttributes> = (expressions, { inputs }, { axes }, at) => {
  const shape = expressions.shapeOf(inputs[0]!);
  const from = (index: Index, axis: number) => addConstant(scale(index, -1), shape[axis]! - 1);
  return expressions.element(
    inputs[0]!,
    at.map((index, axis) => (axes.includes(axis) ? from(index, axis) : index)),
  );
};

export const pad: Express<PadAttributes> = (expressions, { inputs, outputs }, { low, interior, value }, at) => {
  const shape = expressions.shapeOf(inputs[0]!);
  const outside = expressions.table.literal(value, expressions.dtypeOf(outputs[0]!));
  if (shape.includes(0)) return outside;
  const result = expressions.shapeOf(outputs[0]!);
  const conditions: Condition[] = [];
  const coordinates = at.map((index, axis) => {
    const [size, stride] = [shape[axis]!, interior[axis]! + 1];
    const limit = low[axis]! + (size - 1) * stride + 1;
    if (low[axis] === 0 && limit === result[axis] && stride === 1) return index;
    conditions.push({ index, low: low[axis]!, limit, stride });
    return within(divide(addConstant(index, -low[axis]!), stride)[0], size);
  });
  return expressions.table.choose(conditions, expressions.element(inputs[0]!, coordinates), outside);
};

export const concat: Express<ConcatAttributes> = (expressions, { inputs }, { axis }, at) => {
  let end = inputs.reduce((total, input) => total + expressions.shapeOf(input)[axis]!, 0);
  let result: Scalar | undefined;
  for (const input of inputs.toReversed()) {
    const size = expressions.shapeOf(input)[axis]!;
    const start = end - size;
    end = start;
    if (size === 0) continue;
    const coordinates = at.map((index, other) => (other === axis ? within(addConstant(index, -start), size) : index));
    const own = expressions.element(input, coordinates);
    const conditions = [{ index: at[axis]!, low: start, limit: start + size, stride: 1 }];
    result = result ? expressions.table.choose(conditions, own, result) : own;
  }
  return result ?? expressions.element(inputs[0]!, at);
};

export const gather: Express<GatherAttributes> = (expressions, { inputs: [operand, indices] }, { axis }, at) => {
  const rank = expressions.shapeOf(indices!).length;
  const scalar = expressions.element(indices!, at.slice(axis, axis + rank));
  const size = expressions.shapeOf(operand!)[axis]!;
  const picked = scalar.kind === 'literal' ? constantIndex(scalar.number) : indexOf({ kind: 'scalar', scalar, size });
  return expressions.element(operand!, [...at.slice(0, axis), picked, ...at.slice(axis + rank)]);
};
