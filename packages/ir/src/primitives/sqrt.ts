import { samplesOf } from '../samples.js';
import { div } from './div.js';
import { type NoAttributes, type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';

export const sqrtDefinition = unary('sqrt', {
  apply: Math.sqrt,
  vjp: (cotangent, _, y) => div(mul(cotangent, 0.5), y),
});

export const sqrtSamples = () =>
  samplesOf<NoAttributes>({ inputs: [[2, 3]], range: [0.1, 3] }, { inputs: [[]], range: [0.5, 2] });

/** The square root. */
export const sqrt: UnaryFunction = unaryFunction(sqrtDefinition);
