/** Views and joins in the spelling of PyTorch. */
import type { Value } from '../builder.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { concat } from '../primitives/concat.js';
import { reshape } from '../primitives/reshape.js';
import { reverse } from '../primitives/reverse.js';
import { sliceAxis } from '../primitives/slice.js';
import { transpose } from '../primitives/transpose.js';
import { normalizeAxis } from '../shape.js';

/** Inserts an axis of size 1. */
export function expandDimension(x: Value, axis: number): Value {
  const at = normalizeAxis(axis, x.type.shape.length + 1);
  return reshape(x, [...x.type.shape.slice(0, at), 1, ...x.type.shape.slice(at)]);
}

/** Broadcasts to a shape in which -1 keeps an axis. */
export function expand(x: Value, shape: readonly number[]): Value {
  const added = shape.length - x.type.shape.length;
  return broadcastTo(
    x,
    shape.map((size, axis) => (size === -1 ? x.type.shape[axis - added]! : size)),
  );
}

export function permute(x: Value, axes: readonly number[]): Value {
  return transpose(
    x,
    axes.map((axis) => normalizeAxis(axis, x.type.shape.length)),
  );
}

/** Swaps two axes. */
export function swapAxes(x: Value, first: number, second: number): Value {
  const order = x.type.shape.map((_, axis) => axis);
  const [a, b] = [normalizeAxis(first, order.length), normalizeAxis(second, order.length)];
  [order[a], order[b]] = [b, a];
  return transpose(x, order);
}

export function flip(x: Value, axes: readonly number[]): Value {
  return reverse(
    x,
    axes.map((axis) => normalizeAxis(axis, x.type.shape.length)).sort((a, b) => a - b),
  );
}

/** Joins along a new axis. */
export function stack(values: readonly [Value, ...Value[]], axis: number): Value {
  const [first, ...others] = values;
  return concat(
    [expandDimension(first, axis), ...others.map((value) => expandDimension(value, axis))],
    normalizeAxis(axis, first.type.shape.length + 1),
  );
}

/** Cuts an axis into pieces of one length (the last may be shorter) or of the given lengths. */
export function split(x: Value, sizes: number | readonly number[], axis: number): Value[] {
  const at = normalizeAxis(axis, x.type.shape.length);
  const total = x.type.shape[at]!;
  const lengths =
    typeof sizes === 'number'
      ? Array.from({ length: Math.ceil(total / sizes) }, (_, index) => Math.min(sizes, total - index * sizes))
      : sizes;
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return sliceAxis(x, at, start - length, start);
  });
}
