import { add, div, mul, sqrt, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { positive, share } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exponentialAverage } from './exponential-average.js';
import type { Optimizer } from './optimizer.js';
import { coupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  /** Decay of both averages. */
  rho: z._default(share, 0.9),
  epsilon: z._default(positive, 1e-6),
});

export type AdadeltaOptions = z.input<typeof schema>;

/**
 * Adadelta (arXiv 1212.5701, as torch.optim.Adadelta): p -= rate sqrt(acc_delta + epsilon) / sqrt(square_avg +
 * epsilon) g; weight decay is added to the gradient. Slots `square_avg`, `acc_delta`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'adadelta');
  const { rho, epsilon } = parsed;
  return {
    name: 'adadelta',
    options: parsed,
    slots: (type) => ({ square_avg: { type, initial: 0 }, acc_delta: { type, initial: 0 } }),
    update(context) {
      const { parameter, state, learningRate } = context;
      const gradient = coupledDecay(context);
      const square = exponentialAverage(state.square_avg!, mul(gradient, gradient), rho);
      const delta = mul(sqrt(div(add(state.acc_delta!, epsilon), add(square, epsilon))), gradient);
      return {
        parameter: sub(parameter, mul(delta, learningRate)),
        state: { square_avg: square, acc_delta: exponentialAverage(state.acc_delta!, mul(delta, delta), rho) },
      };
    },
  };
}
