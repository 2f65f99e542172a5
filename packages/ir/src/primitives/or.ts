import { bitwise } from './bitwise.js';
import { type BinaryFunction, binaryFunction } from './elementwise.js';

export const orDefinition = bitwise('or', (a, b) => a | b);

/** Bitwise or; logical on bool. */
export const or: BinaryFunction = binaryFunction(orDefinition, {});
