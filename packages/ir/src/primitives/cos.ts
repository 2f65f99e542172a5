import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';
import { neg } from './neg.js';
import { sin } from './sin.js';

export const cosDefinition = unary('cos', {
  apply: Math.cos,
  vjp: (cotangent, x) => neg(mul(cotangent, sin(x))),
});

/** Cosine of radians. */
export const cos: UnaryFunction = unaryFunction(cosDefinition);
