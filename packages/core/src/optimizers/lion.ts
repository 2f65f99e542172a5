import { mul, sign, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { betas } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exponentialAverage } from './exponential-average.js';
import type { Optimizer } from './optimizer.js';
import { decoupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  /** Share of the momentum in the update, and its decay. */
  betas: z._default(betas, [0.9, 0.99]),
});

export type LionOptions = z.input<typeof schema>;

/**
 * Lion (arXiv 2302.06675, algorithm 2): u = sign(beta1 m + (1 - beta1) g), p -= rate (u + decay p),
 * m = beta2 m + (1 - beta2) g; sign(0) is 0. Slot `exp_avg`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function lion(options: LionOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'lion');
  const [beta1, beta2] = parsed.betas;
  return {
    name: 'lion',
    options: parsed,
    slots: (type) => ({ exp_avg: { type, initial: 0 } }),
    update(context) {
      const { gradient, state, learningRate } = context;
      const direction = sign(exponentialAverage(state.exp_avg!, gradient, beta1));
      return {
        parameter: sub(decoupledDecay(context), mul(direction, learningRate)),
        state: { exp_avg: exponentialAverage(state.exp_avg!, gradient, beta2) },
      };
    },
  };
}
