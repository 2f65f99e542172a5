import type { Value } from '../builder.js';
import { equal, greater } from './compare.js';
import { type BinaryFunction, binary, binaryFunction } from './elementwise.js';
import { mul } from './mul.js';
import { select } from './select.js';

export const maxDefinition = binary('max', {
  apply: Math.max,
  vjp(cotangent, a, b) {
    const half = mul(cotangent, 0.5);
    const share = (wins: Value) => select(equal(a, b), half, select(wins, cotangent, 0));
    return [share(greater(a, b)), share(greater(b, a))];
  },
});

/** The larger of a and b, with NumPy broadcasting; a tie shares the cotangent evenly, as in PyTorch. */
export const maximum: BinaryFunction = binaryFunction(maxDefinition, {});
