import { bitwise } from './bitwise.js';
import { type BinaryFunction, binaryFunction } from './elementwise.js';

export const xorDefinition = bitwise('xor', (a, b) => a ^ b);

/** Bitwise exclusive or; logical on bool. */
export const xor: BinaryFunction = binaryFunction(xorDefinition, {});
