import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';
import { sub } from './sub.js';

export const logisticDefinition = unary('logistic', {
  apply: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  vjp: (cotangent, _, y) => mul(cotangent, mul(y, sub(1, y))),
});

/** 1 / (1 + e^-x), the sigmoid. */
export const logistic: UnaryFunction = unaryFunction(logisticDefinition);
