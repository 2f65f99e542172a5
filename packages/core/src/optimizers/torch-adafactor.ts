import { div, maximum, minimum, mul, pow, rsqrt, sub, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { factorTypes, interpolate, keepLast, keepSecondLast } from './factored-moment.js';
import type { Optimizer, StateSlot, UpdateContext, UpdateResult } from './optimizer.js';
import { meanOver, rootMeanSquare } from './root-mean-square.js';
import { decoupledDecay } from './weight-decay.js';

const FLOAT32_EPSILON = 2 ** -23;

const schema = z.strictObject({
  /** The exponent of t^beta2Decay, the share of the new square in the second moment of step t. */
  beta2Decay: z._default(z.number().check(z.maximum(0)), -0.8),
  /** Keep the second moment's root and the parameter's scale away from 0; float32's epsilon where the first is null. */
  epsilon: z._default(z.tuple([z.nullable(positive), nonnegative]), [null, 1e-3]),
  /** The largest root mean square of an update. */
  d: z._default(z.number().check(z.minimum(1)), 1),
});

export type TorchAdafactorOptions = z.input<typeof schema>;

/**
 * Adafactor (arXiv 1804.04235) as torch.optim.Adafactor has it: the rate of step t is min(rate, 1 / sqrt(t)) times the parameter's root mean square. Slots
 * `row_var` and `col_var`, or `variance` below two axes.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function torchAdafactor(options: TorchAdafactorOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'torchAdafactor');
  const { beta2Decay, d } = parsed;
  const [epsilon1, epsilon2] = [parsed.epsilon[0] ?? FLOAT32_EPSILON, parsed.epsilon[1]];
  return {
    name: 'torchAdafactor',
    options: parsed,
    slots(type): Readonly<Record<string, StateSlot>> {
      const [row, column] = factorTypes(type, true);
      return row && column
        ? { row_var: { type: row, initial: 0 }, col_var: { type: column, initial: 0 } }
        : { variance: { type, initial: 0 } };
    },
    update(context): UpdateResult {
      const { parameter, gradient, state, learningRate, step } = context;
      const share = pow(step, beta2Decay);
      const square = mul(gradient, gradient);
      const { variance, next } = nextVariance(square, state, share, epsilon1);
      const direction = mul(rsqrt(maximum(variance, epsilon1 ** 2)), gradient);
      const rate = mul(minimum(learningRate, rsqrt(step)), maximum(rootMeanSquare(parameter), epsilon2));
      const clip = maximum(mul(rootMeanSquare(direction), 1 / d), 1);
      return { parameter: sub(decoupledDecay(context), mul(direction, div(rate, clip))), state: next };
    },
  };
}

function nextVariance(
  square: Value,
  state: UpdateContext['state'],
  share: Value,
  epsilon: number,
): { variance: Value; next: UpdateResult['state'] } {
  const rank = square.type.shape.length;
  if (rank < 2) {
    const variance = interpolate(state.variance!, square, share);
    return { variance, next: { variance } };
  }
  const row = interpolate(state.row_var!, keepLast(meanOver(square, rank - 1)), share);
  const column = interpolate(state.col_var!, keepSecondLast(meanOver(square, rank - 2)), share);
  const scale = keepSecondLast(maximum(meanOver(row, rank - 2), epsilon));
  return { variance: mul(div(row, scale), column), next: { row_var: row, col_var: column } };
}
