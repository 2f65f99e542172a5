import { elementCount, mul, reduceSum, type Value } from '@attune/ir';
import { globalNorm } from './clip.js';

/** sqrt(mean(x^2)) over all elements, a scalar. */
export const rootMeanSquare = (x: Value): Value => mul(globalNorm([x]), 1 / Math.sqrt(elementCount(x.type.shape)));

/** The mean over one axis, which is dropped. */
export const meanOver = (x: Value, axis: number): Value => mul(reduceSum(x, [axis]), 1 / x.type.shape[axis]!);
