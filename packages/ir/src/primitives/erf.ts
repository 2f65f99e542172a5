import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { referenceErf } from './erf-reference.js';
import { exp } from './exp.js';
import { mul } from './mul.js';
import { neg } from './neg.js';

export const erfDefinition = unary('erf', {
  apply: referenceErf,
  vjp: (cotangent, x) => mul(cotangent, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))),
});

/** The error function. */
export const erf: UnaryFunction = unaryFunction(erfDefinition);
