/** What Adam and AdamW share: options, state and the update after weight decay has been dealt with. */
import { add, div, maximum, mul, sqrt, sub, type TensorType, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { betas, positive } from '../fields.js';
import { adamwUpdate } from './adamw-update.js';
import { biasCorrection } from './bias-correction.js';
import type { StateSlot, UpdateResult } from './optimizer.js';

export const adamOptionsSchema = z.strictObject({
  /** Decay of the averages of the gradient and of its square. */
  betas: z._default(betas, [0.9, 0.999]),
  /** Added to the root of the corrected second moment. */
  epsilon: z._default(positive, 1e-8),
  /** Divides by the largest second moment so far instead of the present one. */
  amsgrad: z._default(z.boolean(), false),
});

export type AdamOptions = z.input<typeof adamOptionsSchema>;
export type ParsedAdamOptions = z.output<typeof adamOptionsSchema>;

/**
 * Slots by PyTorch's names, but scaled: `exp_avg` is PyTorch's divided by 1 - beta1, `exp_avg_sq` and
 * `max_exp_avg_sq` are PyTorch's divided by 1 - beta2.
 */
export function adamSlots(type: TensorType, { amsgrad }: ParsedAdamOptions): Readonly<Record<string, StateSlot>> {
  const slot = { type, initial: 0 };
  return { exp_avg: slot, exp_avg_sq: slot, ...(amsgrad ? { max_exp_avg_sq: slot } : {}) };
}

export interface AdamStep {
  readonly parameter: Value;
  readonly gradient: Value;
  readonly state: Readonly<Record<string, Value>>;
  readonly learningRate: Value;
  readonly step: Value;
  /** Factor on the parameter before the update (decoupled weight decay). */
  readonly decay?: Value | undefined;
}

/** One step on scaled moments; see adamw-update.ts. */
export function adamStep(context: AdamStep, options: ParsedAdamOptions): UpdateResult {
  const { parameter, gradient, state, learningRate, step, decay } = context;
  const [beta1, beta2] = options.betas;
  // With s = sqrt(1 - beta2^t) and c = sqrt(1 - beta2): m / (1 - beta1^t) / (sqrt(v) / s + eps)
  // = (1 - beta1) / (1 - beta1^t) s / c * M / (sqrt(V) + eps s / c).
  const root = mul(sqrt(biasCorrection(step, beta2)), 1 / Math.sqrt(1 - beta2));
  const rate = mul(mul(learningRate, 1 - beta1), div(root, biasCorrection(step, beta1)));
  const epsilon = mul(root, options.epsilon);
  if (!options.amsgrad) {
    const next = adamwUpdate(
      { parameter, gradient, moment: state.exp_avg!, variance: state.exp_avg_sq!, rate, epsilon, decay },
      { beta1, beta2 },
    );
    return { parameter: next.parameter, state: { exp_avg: next.moment, exp_avg_sq: next.variance } };
  }
  const moment = add(mul(state.exp_avg!, beta1), gradient);
  const variance = add(mul(state.exp_avg_sq!, beta2), mul(gradient, gradient));
  const largest = maximum(state.max_exp_avg_sq!, variance);
  const update = mul(div(moment, add(sqrt(largest), epsilon)), rate);
  return {
    parameter: sub(decay ? mul(parameter, decay) : parameter, update),
    state: { exp_avg: moment, exp_avg_sq: variance, max_exp_avg_sq: largest },
  };
}
