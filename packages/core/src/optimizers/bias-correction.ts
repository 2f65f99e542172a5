import { div, mul, sub, tanh, type Value } from '@attune/ir';

/**
 * 1 - beta^step, the weight that an exponential average has collected after `step` steps (a scalar, from 1).
 * Computed as -expm1(step log beta) by the identity expm1(x) = 2 T / (1 - T), T = tanh(x / 2), since 1 - pow loses all
 * digits in float32 where beta is near 1.
 */
export function biasCorrection(step: Value, beta: number): Value {
  if (beta === 0) return step.builder.scalar(1);
  const half = tanh(mul(step, Math.log(beta) / 2));
  return div(mul(half, -2), sub(1, half));
}
