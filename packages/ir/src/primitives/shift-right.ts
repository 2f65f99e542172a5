import { bitwise } from './bitwise.js';
import { type BinaryFunction, binaryFunction } from './elementwise.js';

export const shiftRightDefinition = bitwise('shift_right', (a, b) => a >>> b, { shift: true });

/** a shifted right by b bits, filled with zeros. */
export const shiftRight: BinaryFunction = binaryFunction(shiftRightDefinition, {});
