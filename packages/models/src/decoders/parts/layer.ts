import type { ResidualInput, Scope } from '@attune/core';
import { add, type Value } from '@attune/ir';
import { type AttentionContext, attention, type LayerCache } from './attention.js';
import { mlp } from './mlp.js';
import { norm } from './norm.js';

/** One layer of a decoder: attention and MLP, each between its norms and added to what came in. */
export function decoderLayer(
  scope: Scope,
  x: Value,
  context: AttentionContext,
): { readonly hidden: Value; readonly cache: LayerCache } {
  const { plan, initializer } = context;
  const { names } = plan;
  const normed = (name: string | undefined, value: Value) => norm(scope, name, value, plan.norm);
  const dropped = (place: string, value: Value) => scope.child(place).dropout(value, plan.dropout?.residual ?? 0);
  const attending = attention(scope.child(names.attention), normed(names.norms.attention, x), context);
  const attended = dropped(names.attention, normed(names.norms.attended, attending.attended));
  const settled = scope
    .child('attention_adapters')
    .residual('attention_residual', { output: attended, residual: x }, sum);
  const source = normed(names.norms.mlp, plan.isParallel ? x : settled);
  const widened = mlp(scope.child(names.mlp), source, plan.mlp, names, initializer);
  const output = dropped(names.mlp, normed(names.norms.widened, widened));
  const hidden = scope.child('output_adapters').residual('mlp_residual', { output, residual: settled }, sum);
  return { hidden, cache: attending.cache };
}

const sum = ({ output, residual }: ResidualInput): Value => add(residual, output);
