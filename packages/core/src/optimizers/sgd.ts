import { add, equal, mul, select, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative, share } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import type { Optimizer, StateSlot, UpdateResult } from './optimizer.js';
import { coupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  momentum: z._default(nonnegative, 0),
  /** Takes this share off each new gradient but the first on its way into the momentum. */
  dampening: z._default(share, 0),
  /** Looks ahead along the momentum; needs momentum without dampening. */
  nesterov: z._default(z.boolean(), false),
});

export type SgdOptions = z.input<typeof schema>;

/**
 * Stochastic gradient descent as torch.optim.SGD: b = momentum b + (1 - dampening) g, b = g at first; weight decay is
 * added to the gradient. The slot `momentum_buffer` exists only with momentum.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'sgd', ({ nesterov, momentum, dampening }) =>
    nesterov && (momentum === 0 || dampening !== 0)
      ? { field: 'nesterov', problem: 'needs a momentum above 0 and no dampening' }
      : undefined,
  );
  const { momentum, dampening, nesterov } = parsed;
  return {
    name: 'sgd',
    options: parsed,
    slots: (type): Readonly<Record<string, StateSlot>> =>
      momentum === 0 ? {} : { momentum_buffer: { type, initial: 0 } },
    update(context): UpdateResult {
      const { parameter, state, learningRate, step } = context;
      const gradient = coupledDecay(context);
      if (momentum === 0) return { parameter: sub(parameter, mul(gradient, learningRate)), state: {} };
      const share = dampening === 0 ? undefined : select(equal(step, 1), step.builder.scalar(1), 1 - dampening);
      const buffer = add(mul(state.momentum_buffer!, momentum), share ? mul(gradient, share) : gradient);
      const direction = nesterov ? add(gradient, mul(buffer, momentum)) : buffer;
      return { parameter: sub(parameter, mul(direction, learningRate)), state: { momentum_buffer: buffer } };
    },
  };
}
