import { activation, type Initializer, linear, type Scope } from '@attune/core';
import { mul, type Value } from '@attune/ir';
import type { DecoderNames, MlpPlan } from './plan.js';
import { projections } from './projections.js';

/** Widens x [batch, tokens, width], and narrows what an activation, or a gate (Shazeer 2020), leaves of it. */
export function mlp(
  scope: Scope,
  x: Value,
  plan: MlpPlan,
  { mlpInputs, mlpOutput }: DecoderNames,
  initializer: Initializer,
): Value {
  const options = { bias: plan.bias, initializer };
  const widths = plan.isGated ? [plan.width, plan.width] : [plan.width];
  const [first, second] = projections(scope, mlpInputs, x, widths, options);
  const active = activation(plan.activation)(first!);
  return linear(scope, mlpOutput, second ? mul(active, second) : active, x.type.shape[2]!, options);
}
