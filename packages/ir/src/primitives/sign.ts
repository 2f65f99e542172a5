import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';

export const signDefinition = unary('sign', {
  apply: Math.sign,
  vjp: (cotangent) => mul(cotangent, 0),
});

/** -1, 0 or 1. */
export const sign: UnaryFunction = unaryFunction(signDefinition);
