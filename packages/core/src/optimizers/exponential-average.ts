import { add, mul, type Value } from '@attune/ir';

/** decay average + (1 - decay) x. */
export const exponentialAverage = (average: Value, x: Value, decay: number): Value =>
  add(mul(average, decay), mul(x, 1 - decay));
