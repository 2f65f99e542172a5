import { samplesOf } from '../samples.js';
import { div } from './div.js';
import { type NoAttributes, type UnaryFunction, unary, unaryFunction } from './elementwise.js';

export const logDefinition = unary('log', {
  apply: Math.log,
  vjp: (cotangent, x) => div(cotangent, x),
});

export const logSamples = () =>
  samplesOf<NoAttributes>({ inputs: [[2, 3]], range: [0.1, 3] }, { inputs: [[]], range: [0.5, 2] });

/** The natural logarithm. */
export const log: UnaryFunction = unaryFunction(logDefinition);
