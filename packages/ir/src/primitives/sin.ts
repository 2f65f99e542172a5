import { cos } from './cos.js';
import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';

export const sinDefinition = unary('sin', {
  apply: Math.sin,
  vjp: (cotangent, x) => mul(cotangent, cos(x)),
});

/** Sine of radians. */
export const sin: UnaryFunction = unaryFunction(sinDefinition);
