import { bitwise } from './bitwise.js';
import { type BinaryFunction, binaryFunction } from './elementwise.js';

export const shiftLeftDefinition = bitwise('shift_left', (a, b) => a << b, { shift: true });

/** a shifted left by b bits. */
export const shiftLeft: BinaryFunction = binaryFunction(shiftLeftDefinition, {});
