import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';

export const expDefinition = unary('exp', {
  apply: Math.exp,
  vjp: (cotangent, _, y) => mul(cotangent, y),
});

/** e^x. */
export const exp: UnaryFunction = unaryFunction(expDefinition);
