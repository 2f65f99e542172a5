import { add, div, mul, sqrt, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { fraction, nonnegative, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exponentialAverage } from './exponential-average.js';
import type { Optimizer } from './optimizer.js';
import { coupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  /** Decay of the average of squared gradients. */
  alpha: z._default(fraction, 0.99),
  epsilon: z._default(positive, 1e-8),
  momentum: z._default(nonnegative, 0),
  /** Subtracts the squared mean gradient: the variance instead of the second moment. */
  centered: z._default(z.boolean(), false),
});

export type RmspropOptions = z.input<typeof schema>;

/**
 * RMSprop as torch.optim.RMSprop: the root first, then epsilon; weight decay is added to the gradient. Slots
 * `square_avg`, with `centered` `grad_avg`, with momentum `momentum_buffer`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'rmsprop');
  const { alpha, epsilon, momentum, centered } = parsed;
  return {
    name: 'rmsprop',
    options: parsed,
    slots: (type) => ({
      square_avg: { type, initial: 0 },
      ...(centered ? { grad_avg: { type, initial: 0 } } : {}),
      ...(momentum > 0 ? { momentum_buffer: { type, initial: 0 } } : {}),
    }),
    update(context) {
      const { parameter, state, learningRate } = context;
      const gradient = coupledDecay(context);
      const square = exponentialAverage(state.square_avg!, mul(gradient, gradient), alpha);
      const mean = centered ? exponentialAverage(state.grad_avg!, gradient, alpha) : undefined;
      const root = sqrt(mean ? sub(square, mul(mean, mean)) : square);
      const direction = div(gradient, add(root, epsilon));
      const buffer = momentum > 0 ? add(mul(state.momentum_buffer!, momentum), direction) : undefined;
      return {
        parameter: sub(parameter, mul(buffer ?? direction, learningRate)),
        state: {
          square_avg: square,
          ...(mean ? { grad_avg: mean } : {}),
          ...(buffer ? { momentum_buffer: buffer } : {}),
        },
      };
    },
  };
}
