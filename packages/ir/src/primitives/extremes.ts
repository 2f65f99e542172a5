import type { Value } from '../builder.js';
import { broadcast } from './broadcast.js';
import { cast } from './cast.js';
import { equal } from './compare.js';
import { div } from './div.js';
import { mul } from './mul.js';
import { reduceSum } from './reduce-sum.js';

/** The cotangent of a reduction to the largest or smallest element: shared evenly by the elements that equal it. */
export function shareAmongExtremes(x: Value, y: Value, cotangent: Value, axes: readonly number[]): Value {
  const shape = x.type.shape;
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const wins = cast(equal(x, broadcast(y, shape, kept)), x.type.dtype);
  return mul(wins, broadcast(div(cotangent, reduceSum(wins, axes)), shape, kept));
}
