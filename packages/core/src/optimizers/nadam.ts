import { add, div, exp, mul, sqrt, sub, tensorType, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { betas, nonnegative, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { biasCorrection } from './bias-correction.js';
import { exponentialAverage } from './exponential-average.js';
import type { Optimizer } from './optimizer.js';
import { coupledDecay, decoupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  betas: z._default(betas, [0.9, 0.999]),
  epsilon: z._default(positive, 1e-8),
  momentumDecay: z._default(nonnegative, 4e-3),
  /** Weight decay as in AdamW instead of as part of the gradient. */
  decoupledWeightDecay: z._default(z.boolean(), false),
});

export type NadamOptions = z.input<typeof schema>;

/**
 * Adam with Nesterov momentum (Dozat 2016, as torch.optim.NAdam). Slots `exp_avg`, `exp_avg_sq` and the scalar
 * `mu_product`, the product of the momentum coefficients so far.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'nadam');
  const {
    betas: [beta1, beta2],
    epsilon,
    momentumDecay,
    decoupledWeightDecay,
  } = parsed;
  /** beta1 (1 - 0.96^(step momentumDecay) / 2) */
  const coefficient = (step: Value) => mul(sub(1, mul(exp(mul(step, momentumDecay * Math.log(0.96))), 0.5)), beta1);
  return {
    name: 'nadam',
    options: parsed,
    slots: (type) => ({
      exp_avg: { type, initial: 0 },
      exp_avg_sq: { type, initial: 0 },
      mu_product: { type: tensorType([]), initial: 1 },
    }),
    update(context) {
      const { state, learningRate, step } = context;
      const gradient = decoupledWeightDecay ? context.gradient : coupledDecay(context);
      const [mu, nextMu] = [coefficient(step), coefficient(add(step, 1))];
      const product = mul(state.mu_product!, mu);
      const moment = exponentialAverage(state.exp_avg!, gradient, beta1);
      const variance = exponentialAverage(state.exp_avg_sq!, mul(gradient, gradient), beta2);
      const ofGradient = mul(learningRate, div(sub(1, mu), sub(1, product)));
      const ofMoment = mul(learningRate, div(nextMu, sub(1, mul(product, nextMu))));
      const root = sqrt(div(variance, biasCorrection(step, beta2)));
      const update = div(add(mul(gradient, ofGradient), mul(moment, ofMoment)), add(root, epsilon));
      return {
        parameter: sub(decoupledWeightDecay ? decoupledDecay(context) : context.parameter, update),
        state: { exp_avg: moment, exp_avg_sq: variance, mu_product: product },
      };
    },
  };
}
