import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';

export const negDefinition = unary('neg', {
  apply: (x) => -x,
  vjp: (cotangent) => neg(cotangent),
});

/** -x. */
export const neg: UnaryFunction = unaryFunction(negDefinition);
