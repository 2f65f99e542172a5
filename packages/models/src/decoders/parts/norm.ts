import { layerNormLayer, rmsNormLayer, type Scope } from '@attune/core';
import type { Value } from '@attune/ir';
import type { NormPlan } from './plan.js';

/** The norm of that name over the last axis; x itself without a name. */
export function norm(scope: Scope, name: string | undefined, x: Value, { kind, epsilon }: NormPlan): Value {
  if (name === undefined) return x;
  if (kind === 'layer') return layerNormLayer(scope, name, x, epsilon);
  return rmsNormLayer(scope, name, x, epsilon, { addsOne: kind === 'rms_plus_one' });
}
