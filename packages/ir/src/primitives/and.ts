import { bitwise } from './bitwise.js';
import { type BinaryFunction, binaryFunction } from './elementwise.js';

export const andDefinition = bitwise('and', (a, b) => a & b);

/** Bitwise and; logical on bool. */
export const and: BinaryFunction = binaryFunction(andDefinition, {});
