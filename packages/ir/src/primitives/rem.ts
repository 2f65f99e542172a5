import { samplesOf } from '../samples.js';
import { div } from './div.js';
import { type BinaryFunction, binary, binaryFunction, type NoAttributes } from './elementwise.js';
import { mul } from './mul.js';
import { neg } from './neg.js';
import { sub } from './sub.js';

export const remDefinition = binary('rem', {
  apply: (a, b) => a % b,
  vjp: (cotangent, a, b, y) => [cotangent, neg(mul(cotangent, div(sub(a, y), b)))],
});

export const remSamples = () =>
  samplesOf<NoAttributes>({
    inputs: [
      [2, 3],
      [2, 3],
    ],
    range: [0.3, 2],
    smooth: false,
  });

/** The remainder of a / b with the sign of a (C's fmod). */
export const remainder: BinaryFunction = binaryFunction(remDefinition, {});
