import { clamp, mul, pow, sub, type Value } from '@attune/ir';

/** Below every 1 - p of f32 other than 0: keeps powers of it, and their derivatives, finite. */
const TINY = 1e-8;

/** Losses times (1 - p)^gamma, where p is what the model gives the target: easy targets count for less. */
export function focused(loss: Value, probability: Value, gamma: number): Value {
  return mul(loss, pow(clamp(sub(1, probability), TINY, undefined), gamma));
}
