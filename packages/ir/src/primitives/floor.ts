import { samplesOf } from '../samples.js';
import { type NoAttributes, type UnaryFunction, unary, unaryFunction } from './elementwise.js';
import { mul } from './mul.js';

export const floorDefinition = unary('floor', {
  apply: Math.floor,
  vjp: (cotangent) => mul(cotangent, 0),
});

export const floorSamples = () => samplesOf<NoAttributes>({ inputs: [[2, 3]], smooth: false });

/** The largest integer that is not larger. */
export const floor: UnaryFunction = unaryFunction(floorDefinition);
