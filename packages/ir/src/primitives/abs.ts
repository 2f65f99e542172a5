import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';
import { sign } from './sign.js';

export const absDefinition = unary('abs', {
  apply: Math.abs,
  vjp: (cotangent, x) => mul(cotangent, sign(x)),
});

/** |x|; its derivative at 0 is 0. */
export const abs: UnaryFunction = unaryFunction(absDefinition);
