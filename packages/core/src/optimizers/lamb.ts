import { add, and, div, greater, mul, select, sqrt, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { betas, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { biasCorrection } from './bias-correction.js';
import { globalNorm } from './clip.js';
import { exponentialAverage } from './exponential-average.js';
import type { Optimizer } from './optimizer.js';
import { coupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  betas: z._default(betas, [0.9, 0.999]),
  epsilon: z._default(positive, 1e-6),
});

export type LambOptions = z.input<typeof schema>;

/**
 * LAMB (arXiv 1904.00962, algorithm 2): r is Adam's direction plus decay times p; p -= rate |p| / |r| r, where the
 * ratio is 1 if a norm is 0. The ratio is not clipped. Slots `exp_avg`, `exp_avg_sq`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function lamb(options: LambOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'lamb');
  const {
    betas: [beta1, beta2],
    epsilon,
  } = parsed;
  return {
    name: 'lamb',
    options: parsed,
    slots: (type) => ({ exp_avg: { type, initial: 0 }, exp_avg_sq: { type, initial: 0 } }),
    update({ parameter, gradient, state, learningRate, step, weightDecay }) {
      const moment = exponentialAverage(state.exp_avg!, gradient, beta1);
      const variance = exponentialAverage(state.exp_avg_sq!, mul(gradient, gradient), beta2);
      const root = sqrt(div(variance, biasCorrection(step, beta2)));
      const adam = div(div(moment, biasCorrection(step, beta1)), add(root, epsilon));
      const direction = coupledDecay({ parameter, gradient: adam, weightDecay });
      const [weightNorm, directionNorm] = [globalNorm([parameter]), globalNorm([direction])];
      const defined = and(greater(weightNorm, 0), greater(directionNorm, 0));
      const ratio = select(defined, div(weightNorm, select(defined, directionNorm, 1)), 1);
      return {
        parameter: sub(parameter, mul(direction, mul(learningRate, ratio))),
        state: { exp_avg: moment, exp_avg_sq: variance },
      };
    },
  };
}
