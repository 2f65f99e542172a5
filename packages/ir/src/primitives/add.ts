import { type BinaryFunction, binary, binaryFunction } from './elementwise.js';

export const addDefinition = binary('add', {
  apply: (a, b) => a + b,
  vjp: (cotangent) => [cotangent, cotangent],
});

/** a + b, with NumPy broadcasting. */
export const add: BinaryFunction = binaryFunction(addDefinition, {});
