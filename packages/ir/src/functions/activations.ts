/** Activation functions made of ops. */
import type { Value } from '../builder.js';
import { add } from '../primitives/add.js';
import { greater, less } from '../primitives/compare.js';
import { div } from '../primitives/div.js';
import { logistic } from '../primitives/logistic.js';
import { mul } from '../primitives/mul.js';
import { select } from '../primitives/select.js';
import { tanh } from '../primitives/tanh.js';

/** max(x, 0); its derivative at 0 is 0. */
export const relu = (x: Value): Value => select(greater(x, 0), x, 0);

/** x sigmoid(x), also named swish. */
export const silu = (x: Value): Value => mul(x, logistic(x));

/** 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), GPT-2's approximation of gelu. */
export function geluTanh(x: Value): Value {
  const inner = mul(mul(x, add(mul(mul(x, x), 0.044715), 1)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

/** cap tanh(x / cap): x near 0, and never beyond the cap. */
export const softCapped = (x: Value, cap: number): Value => mul(tanh(div(x, cap)), cap);

/** min(max(x, low), high); undefined is no bound. The derivative is 1 between the bounds and 0 at them, as in PyTorch. */
export function clamp(x: Value, low: number | undefined, high: number | undefined): Value {
  const above = low === undefined ? undefined : greater(x, low);
  const below = high === undefined ? undefined : less(x, high);
  let result = x;
  if (above && low !== undefined) result = select(above, result, low);
  if (below && high !== undefined) result = select(below, result, high);
  return result;
}
