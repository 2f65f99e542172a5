/** The pieces that schedules are made of. Steps are floating scalars counted from 0. */
import { add, cos, div, less, maximum, minimum, mul, select, sub, type Value } from '@attune/ir';
import { exact, scale } from './exact.js';

/** step / warmupSteps before the end of the warm-up, `after` from there on. */
export const afterWarmup = (step: Value, warmupSteps: number, after: Value): Value =>
  warmupSteps === 0 ? after : select(less(step, warmupSteps), div(step, warmupSteps), after);

/** (step - start) / (end - start); the span is at least 1. */
export const progressOf = (step: Value, start: number, end: number): Value =>
  div(start === 0 ? step : sub(step, start), Math.max(1, end - start));

export const clampToUnit = (x: Value): Value => maximum(minimum(x, 1), 0);

/** (1 + cos(pi halfCycles progress)) / 2: 1 at progress 0, 0 at 1 where `halfCycles` is odd. */
export const cosineFall = (progress: Value, halfCycles = 1): Value =>
  mul(add(cos(scale(progress, Math.PI * halfCycles)), 1), 0.5);

/** factor (1 - least) + least */
export const liftTo = (factor: Value, least: number): Value =>
  least === 0 ? factor : add(scale(factor, 1 - least), exact(factor, least));
