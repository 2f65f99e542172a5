import { samplesOf } from '../samples.js';
import { equal } from './compare.js';
import { type BinaryFunction, binary, binaryFunction, type NoAttributes } from './elementwise.js';
import { log } from './log.js';
import { mul } from './mul.js';
import { select } from './select.js';
import { sub } from './sub.js';

export const powDefinition = binary('pow', {
  apply: (a, b) => a ** b,
  vjp(cotangent, a, b, y) {
    const isZero = equal(a, 0);
    const logarithm = log(select(isZero, 1, a));
    return [
      select(equal(b, 0), 0, mul(cotangent, mul(b, pow(a, sub(b, 1))))),
      mul(cotangent, select(isZero, 0, mul(y, logarithm))),
    ];
  },
});

export const powSamples = () =>
  samplesOf<NoAttributes>(
    {
      inputs: [
        [2, 3],
        [2, 3],
      ],
      range: [0.2, 2],
    },
    { inputs: [[], []], range: [1, 2] },
  );

/** a^b, with NumPy broadcasting. The derivative by a is 0 where b is 0, that by b is 0 where a is 0, as in PyTorch. */
export const pow: BinaryFunction = binaryFunction(powDefinition, {});
