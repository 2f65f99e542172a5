import { add, div, greaterEqual, less, mul, select, sqrt, sub, tanh, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { fraction, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { biasCorrection } from './bias-correction.js';
import { exponentialAverage } from './exponential-average.js';
import type { Optimizer } from './optimizer.js';
import { coupledDecay, decoupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  betas: z._default(z.tuple([fraction, fraction.check(z.gt(0))]), [0.9, 0.999]),
  epsilon: z._default(positive, 1e-8),
  /** Weight decay as in AdamW instead of as part of the gradient. */
  decoupledWeightDecay: z._default(z.boolean(), false),
});

export type RadamOptions = z.input<typeof schema>;

/**
 * Rectified Adam (arXiv 1908.03265, as torch.optim.RAdam): momentum only until the variance of the adaptive rate is
 * tractable (rho_t > 5), then Adam times the rectification. Slots `exp_avg`, `exp_avg_sq`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function radam(options: RadamOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'radam');
  const {
    betas: [beta1, beta2],
    epsilon,
    decoupledWeightDecay,
  } = parsed;
  const first = firstTractableStep(beta2);
  return {
    name: 'radam',
    options: parsed,
    slots: (type) => ({ exp_avg: { type, initial: 0 }, exp_avg_sq: { type, initial: 0 } }),
    update(context) {
      const { state, learningRate, step } = context;
      const gradient = decoupledWeightDecay ? context.gradient : coupledDecay(context);
      const moment = exponentialAverage(state.exp_avg!, gradient, beta1);
      const variance = exponentialAverage(state.exp_avg_sq!, mul(gradient, gradient), beta2);
      const rate = div(learningRate, biasCorrection(step, beta1));
      const plain = mul(moment, rate);
      const parameter = decoupledWeightDecay ? decoupledDecay(context) : context.parameter;
      const next = { exp_avg: moment, exp_avg_sq: variance };
      if (first === undefined) return { parameter: sub(parameter, plain), state: next };
      const tractable = greaterEqual(step, first);
      const adaptive = mul(rectification(step, beta2, tractable), sqrt(biasCorrection(step, beta2)));
      const rectified = div(mul(plain, adaptive), add(sqrt(variance), epsilon));
      return { parameter: sub(parameter, select(tractable, rectified, plain)), state: next };
    },
  };
}

/** Length of the simple average that the exponential one approximates in the limit. */
const limitLength = (beta2: number) => 2 / (1 - beta2) - 1;

/** The first step, from 1, whose rho_t exceeds 5; undefined where the limit does not. */
function firstTractableStep(beta2: number): number | undefined {
  if (limitLength(beta2) <= 5) return undefined;
  let step = 1;
  while (limitLength(beta2) - (2 * step * beta2 ** step) / -Math.expm1(step * Math.log(beta2)) <= 5) step++;
  return step;
}

/** sqrt((rho - 4) (rho - 2) limit / ((limit - 4) (limit - 2) rho)); before the variance is tractable its value is 0. */
function rectification(step: Value, beta2: number, tractable: Value): Value {
  const limit = limitLength(beta2);
  const rho = select(tractable, averageLength(step, beta2), 4);
  return sqrt(div(mul(mul(sub(rho, 4), sub(rho, 2)), limit / ((limit - 4) * (limit - 2))), rho));
}

/**
 * rho_t = limit - 2 t beta2^t / (1 - beta2^t), in a form that does not cancel in float32: with L = -log(beta2) and
 * h = t L / 2 it is (limit - 2 / L) + t - 2 / L (h coth(h) - 1), the last bracket by its series where h is small.
 */
function averageLength(step: Value, beta2: number): Value {
  const decay = -Math.log(beta2);
  const half = mul(step, decay / 2);
  const square = mul(half, half);
  const coefficients = [1 / 3, -1 / 45, 2 / 945, -1 / 4725];
  const series = coefficients.reduceRight<Value | undefined>(
    (sum, coefficient) => mul(sum ? add(sum, coefficient) : square.builder.scalar(coefficient), square),
    undefined,
  )!;
  const bracket = select(less(half, 0.5), series, sub(div(half, tanh(half)), 1));
  return sub(add(step, limitLength(beta2) - 2 / decay), mul(bracket, 2 / decay));
}
