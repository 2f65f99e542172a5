import type { Value } from '../builder.js';
import { equal, less } from './compare.js';
import { type BinaryFunction, binary, binaryFunction } from './elementwise.js';
import { mul } from './mul.js';
import { select } from './select.js';

export const minDefinition = binary('min', {
  apply: Math.min,
  vjp(cotangent, a, b) {
    const half = mul(cotangent, 0.5);
    const share = (wins: Value) => select(equal(a, b), half, select(wins, cotangent, 0));
    return [share(less(a, b)), share(less(b, a))];
  },
});

/** The smaller of a and b, with NumPy broadcasting; a tie shares the cotangent evenly, as in PyTorch. */
export const minimum: BinaryFunction = binaryFunction(minDefinition, {});
