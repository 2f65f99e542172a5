/** The two ways in which optimizers decay weights. Both leave the operand alone where the decay is 0. */
import { add, mul, sub, type Value } from '@attune/ir';
import type { UpdateContext } from './optimizer.js';

/** L2 regularisation: the gradient plus decay times the parameter. */
export function coupledDecay({
  parameter,
  gradient,
  weightDecay,
}: Pick<UpdateContext, 'parameter' | 'gradient' | 'weightDecay'>): Value {
  return weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay));
}

/** The factor 1 - learning rate * decay on the parameter before the update; undefined where there is no decay. */
export function decayFactor({
  learningRate,
  weightDecay,
}: Pick<UpdateContext, 'learningRate' | 'weightDecay'>): Value | undefined {
  return weightDecay === 0 ? undefined : sub(1, mul(learningRate, weightDecay));
}

/** Decoupled decay: the parameter times `decayFactor`. */
export function decoupledDecay(context: Pick<UpdateContext, 'parameter' | 'learningRate' | 'weightDecay'>): Value {
  const factor = decayFactor(context);
  return factor ? mul(context.parameter, factor) : context.parameter;
}
