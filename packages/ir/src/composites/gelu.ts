import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { add } from '../primitives/add.js';
import type { NoAttributes } from '../primitives/elementwise.js';
import { erf } from '../primitives/erf.js';
import { exp } from '../primitives/exp.js';
import { mul } from '../primitives/mul.js';
import { sub } from '../primitives/sub.js';
import { samplesOf } from '../samples.js';
import { expectFloat, expectInputs } from '../shape.js';

/** 0.5 (1 + erf(x / sqrt(2))), the normal distribution function. */
const distribution = (x: Value): Value => add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5);

/** x times the normal distribution function, exact with erf (Hendrycks and Gimpel 2016). */
export const geluDefinition = defineComposite<'gelu', NoAttributes>({
  name: 'gelu',
  infer(inputs) {
    expectInputs('gelu', inputs, 1);
    expectFloat('gelu', inputs);
    return [inputs[0]!];
  },
  decompose: ([x]) => [mul(x!, distribution(x!))],
  vjp({ inputs: [x], cotangents: [cotangent] }) {
    if (!cotangent) return [undefined];
    const scaled = mul(x!, Math.SQRT1_2);
    const density = exp(sub(-0.5 * Math.log(2 * Math.PI), mul(scaled, scaled)));
    return [mul(cotangent, add(distribution(x!), mul(x!, density)))];
  },
});

export const geluSamples = () =>
  samplesOf<NoAttributes>({ inputs: [[2, 3]] }, { inputs: [[]] }, { inputs: [[9]], range: [-8, 8] });

export const gelu = (x: Value): Value => x.builder.apply(geluDefinition, [x], {})[0]!;
