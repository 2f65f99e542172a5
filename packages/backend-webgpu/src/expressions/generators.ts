/** Primitives whose elements follow from their place. */
import type { IotaAttributes } from '@attune/ir';
import { constantIndex, flatten } from './index-expression.js';
import type { Express } from './rule.js';

export const iota: Express<IotaAttributes> = ({ table }, _, { axis, dtype }, at) => table.index(at[axis]!, dtype);

export const randomBits: Express<unknown> = (expressions, { inputs: [key], outputs: [result] }, _, at) => {
  const word = (position: number) => expressions.element(key!, [constantIndex(position)]);
  return expressions.table.random([word(0), word(1)], flatten(at, expressions.shapeOf(result!)));
};
