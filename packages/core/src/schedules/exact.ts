import { add, mul, type Value } from '@attune/ir';

/**
 * A number as a scalar next to `like`, to some 48 bits: the sum of two float32 constants where one does not hold it. In
 * float64 (the reference interpreter) schedules are then exact; in float32 the sum is the nearest float32.
 */
export function exact(like: Value, number: number): Value {
  const high = Math.fround(number);
  const scalar = like.builder.scalar(high);
  return high === number || !Number.isFinite(high) ? scalar : add(scalar, like.builder.scalar(number - high));
}

/** x times a number, exact as above. */
export const scale = (x: Value, number: number): Value => (number === 1 ? x : mul(x, exact(x, number)));
