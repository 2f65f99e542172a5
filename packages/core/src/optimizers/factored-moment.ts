/** What the two Adafactors share: a second moment kept as its means over the last and the second last axis. */
import { add, mul, reshape, sub, type TensorType, type Value } from '@attune/ir';

/** Types of the row and column means; `kept`: with axes of size 1 in place of those averaged over. */
export function factorTypes({ shape, dtype }: TensorType, kept: boolean): readonly [TensorType?, TensorType?] {
  if (shape.length < 2) return [];
  const one = kept ? [1] : [];
  return [
    { shape: [...shape.slice(0, -1), ...one], dtype },
    { shape: [...shape.slice(0, -2), ...one, shape.at(-1)!], dtype },
  ];
}

export const keepLast = (x: Value): Value => reshape(x, [...x.type.shape, 1]);
export const keepSecondLast = (x: Value): Value => reshape(x, [...x.type.shape.slice(0, -1), 1, x.type.shape.at(-1)!]);

/** average + share (x - average) */
export const interpolate = (average: Value, x: Value, share: Value): Value => add(average, mul(sub(x, average), share));
