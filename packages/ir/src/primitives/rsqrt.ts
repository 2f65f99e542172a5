import { samplesOf } from '../samples.js';
import { div } from './div.js';
import { type NoAttributes, type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';

export const rsqrtDefinition = unary('rsqrt', {
  apply: (x) => 1 / Math.sqrt(x),
  vjp: (cotangent, x, y) => mul(cotangent, div(mul(y, -0.5), x)),
});

export const rsqrtSamples = () =>
  samplesOf<NoAttributes>({ inputs: [[2, 3]], range: [0.1, 3] }, { inputs: [[]], range: [0.5, 2] });

/** 1 / sqrt(x). */
export const rsqrt: UnaryFunction = unaryFunction(rsqrtDefinition);
