import { type BinaryFunction, binary, binaryFunction } from './elementwise.js';
import { neg } from './neg.js';

export const subDefinition = binary('sub', {
  apply: (a, b) => a - b,
  vjp: (cotangent) => [cotangent, neg(cotangent)],
});

/** a - b, with NumPy broadcasting. */
export const sub: BinaryFunction = binaryFunction(subDefinition, {});
