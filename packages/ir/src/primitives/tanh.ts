import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';
import { sub } from './sub.js';

export const tanhDefinition = unary('tanh', {
  apply: Math.tanh,
  vjp: (cotangent, _, y) => mul(cotangent, sub(1, mul(y, y))),
});

/** The hyperbolic tangent. */
export const tanh: UnaryFunction = unaryFunction(tanhDefinition);
