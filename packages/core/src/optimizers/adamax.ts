import { abs, add, div, maximum, mul, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { betas, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { biasCorrection } from './bias-correction.js';
import { exponentialAverage } from './exponential-average.js';
import type { Optimizer } from './optimizer.js';
import { coupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  betas: z._default(betas, [0.9, 0.999]),
  epsilon: z._default(positive, 1e-8),
});

export type AdamaxOptions = z.input<typeof schema>;

/**
 * Adamax (arXiv 1412.6980, as torch.optim.Adamax): Adam by the infinity norm, u = max(beta2 u, |g| + epsilon); weight
 * decay is added to the gradient. Slots `exp_avg`, `exp_inf`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'adamax');
  const {
    betas: [beta1, beta2],
    epsilon,
  } = parsed;
  return {
    name: 'adamax',
    options: parsed,
    slots: (type) => ({ exp_avg: { type, initial: 0 }, exp_inf: { type, initial: 0 } }),
    update(context) {
      const { parameter, state, learningRate, step } = context;
      const gradient = coupledDecay(context);
      const moment = exponentialAverage(state.exp_avg!, gradient, beta1);
      const norm = maximum(mul(state.exp_inf!, beta2), add(abs(gradient), epsilon));
      const update = mul(div(moment, norm), div(learningRate, biasCorrection(step, beta1)));
      return { parameter: sub(parameter, update), state: { exp_avg: moment, exp_inf: norm } };
    },
  };
}
