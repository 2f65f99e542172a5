/** Reductions with negative axes and kept axes, as NumPy has them. */
import type { Value } from '../builder.js';
import { add } from '../primitives/add.js';
import { div } from '../primitives/div.js';
import { exp } from '../primitives/exp.js';
import { log } from '../primitives/log.js';
import { mul } from '../primitives/mul.js';
import { reduceMax } from '../primitives/reduce-max.js';
import { reduceMin } from '../primitives/reduce-min.js';
import { reduceSum } from '../primitives/reduce-sum.js';
import { reshape } from '../primitives/reshape.js';
import { sub } from '../primitives/sub.js';
import { normalizeAxis } from '../shape.js';
import { elementCount } from '../tensor.js';

export interface ReduceOptions {
  /** All axes where absent. */
  readonly axes?: readonly number[];
  /** Keep the reduced axes with size 1. */
  readonly keepAxes?: boolean;
}

const reducer =
  (reduce: (x: Value, axes: readonly number[]) => Value) =>
  (x: Value, options: ReduceOptions = {}): Value => {
    const axes = axesOf(x, options);
    const reduced = reduce(x, axes);
    if (!options.keepAxes) return reduced;
    return reshape(
      reduced,
      x.type.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
    );
  };

function axesOf(x: Value, { axes }: ReduceOptions): number[] {
  const rank = x.type.shape.length;
  if (!axes) return x.type.shape.map((_, axis) => axis);
  return axes.map((axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b);
}

export const sum = reducer(reduceSum);
export const maximumOver = reducer(reduceMax);
export const minimumOver = reducer(reduceMin);

export function mean(x: Value, options: ReduceOptions = {}): Value {
  const count = elementCount(axesOf(x, options).map((axis) => x.type.shape[axis]!));
  return div(sum(x, options), count);
}

/** The variance, divided by N. */
export function variance(x: Value, options: ReduceOptions = {}): Value {
  const centered = sub(x, mean(x, { ...options, keepAxes: true }));
  return mean(mul(centered, centered), options);
}

/** log(sum(exp(x))), stable. */
export function logSumExp(x: Value, options: ReduceOptions = {}): Value {
  const largest = maximumOver(x, { ...options, keepAxes: true });
  const total = add(log(sum(exp(sub(x, largest)), { ...options, keepAxes: true })), largest);
  return options.keepAxes ? total : sum(total, options);
}
