import { add, div, mul, sqrt, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import type { Optimizer } from './optimizer.js';
import { coupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  /** The rate of step t, from 1, is divided by 1 + (t - 1) lrDecay. */
  lrDecay: z._default(nonnegative, 0),
  /** What the sum of squares starts at. */
  initialAccumulatorValue: z._default(nonnegative, 0),
  epsilon: z._default(positive, 1e-10),
});

export type AdagradOptions = z.input<typeof schema>;

/**
 * Adagrad as torch.optim.Adagrad: p -= rate g / (sqrt(sum g^2) + epsilon); weight decay is added to the gradient.
 * Slot `sum`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'adagrad');
  const { lrDecay, initialAccumulatorValue, epsilon } = parsed;
  return {
    name: 'adagrad',
    options: parsed,
    slots: (type) => ({ sum: { type, initial: initialAccumulatorValue } }),
    update(context) {
      const { parameter, state, learningRate, step } = context;
      const gradient = coupledDecay(context);
      const sum = add(state.sum!, mul(gradient, gradient));
      const rate = lrDecay === 0 ? learningRate : div(learningRate, add(mul(sub(step, 1), lrDecay), 1));
      const update = mul(div(gradient, add(sqrt(sum), epsilon)), rate);
      return { parameter: sub(parameter, update), state: { sum } };
    },
  };
}
