import { type BinaryFunction, binary, binaryFunction } from './elementwise.js';

export const mulDefinition = binary('mul', {
  apply: (a, b) => a * b,
  vjp: (cotangent, a, b) => [mul(cotangent, b), mul(cotangent, a)],
});

/** a * b, with NumPy broadcasting. */
export const mul: BinaryFunction = binaryFunction(mulDefinition, {});
