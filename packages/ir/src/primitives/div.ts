import { samplesOf } from '../samples.js';
import { type BinaryFunction, binary, binaryFunction, type NoAttributes } from './elementwise.js';
import { mul } from './mul.js';
import { neg } from './neg.js';

export const divDefinition = binary('div', {
  apply: (a, b) => a / b,
  vjp: (cotangent, _, b, y) => {
    const quotient = div(cotangent, b);
    return [quotient, neg(mul(quotient, y))];
  },
});

export const divSamples = () =>
  samplesOf<NoAttributes>(
    {
      inputs: [
        [2, 3],
        [2, 3],
      ],
      range: [0.3, 2],
    },
    { inputs: [[], []], range: [1, 2] },
  );

/** a / b, with NumPy broadcasting. */
export const div: BinaryFunction = binaryFunction(divDefinition, {});
