import { type Initializer, linear, type Scope } from '@attune/core';
import {
  dynamicUpdateSliceAxis,
  reshape,
  rotaryEmbedding,
  scaledDotProductAttention,
  sliceAxis,
  transpose,
  type Value,
} from '@attune/ir';
import { norm } from './norm.js';
import type { AttentionPlan, DecoderPlan, LayerPlan } from './plan.js';
import { projections } from './projections.js';
import type { Sight } from './sight.js';

/** Keys and values of the tokens so far, [batch, keyHeads, length, headWidth] each. */
export type LayerCache = readonly [key: Value, value: Value];

export interface AttentionContext {
  readonly plan: DecoderPlan;
  readonly layer: LayerPlan;
  readonly sight: Sight;
  /** cos and sin of the layer's rotary positions, if it has such. */
  readonly angles: { readonly cos: Value; readonly sin: Value } | undefined;
  readonly cache: LayerCache | undefined;
  readonly initializer: Initializer;
}

/**
 * Grouped-query attention (Ainslie et al. 2023) over x [batch, tokens, width].
 * @returns the result, and the cache with the keys and values of these tokens
 */
export function attention(
  scope: Scope,
  x: Value,
  context: AttentionContext,
): { readonly attended: Value; readonly cache: LayerCache } {
  const { plan, layer, sight, angles, initializer } = context;
  const { heads, keyHeads, headWidth, dropout, softCap } = plan.attention;
  const [batch, tokens, width] = x.type.shape as [number, number, number];
  const [queries, keys, values] = split(scope, x, context);
  const placed = (name: string, value: Value) => {
    const normalized = plan.attention.normalizesHeads ? norm(scope, name, value, plan.norm) : value;
    const byHead = transpose(normalized, [0, 2, 1, 3]);
    return angles && layer.rotary ? rotaryEmbedding(byHead, angles, layer.rotary) : byHead;
  };
  const fresh: LayerCache = [placed('k_norm', keys), transpose(values, [0, 2, 1, 3])];
  const { cachePosition } = sight;
  const kept = (index: 0 | 1) => {
    const before = context.cache?.[index];
    return before && cachePosition ? dynamicUpdateSliceAxis(before, fresh[index], 2, cachePosition) : fresh[index];
  };
  const cache: LayerCache = [kept(0), kept(1)];
  const active = scope.activeDropout(dropout);
  const { mask: seen, frontMask, ...rules } = sight.seen(layer.window);
  const input = { query: placed('q_norm', queries), key: cache[0], value: cache[1], mask: seen, frontMask };
  const attended = scope.attention([keyHeads, headWidth], input, ({ query, key, value, mask }) =>
    scaledDotProductAttention(query, key, value, {
      scale: layer.scale,
      ...(mask ? { mask } : {}),
      ...rules,
      ...(softCap === undefined ? {} : { softCap }),
      ...(active ? { dropout: active } : {}),
    }),
  );
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [batch, tokens, heads * headWidth]);
  const options = { bias: plan.attention.outputBias, initializer };
  return { attended: linear(scope, plan.names.attentionOutput, joined, width, options), cache };
}

/** Query, key and value, [batch, tokens, heads, headWidth] each. */
function split(
  scope: Scope,
  x: Value,
  { plan: { attention, names }, initializer }: AttentionContext,
): readonly [Value, Value, Value] {
  const { heads, keyHeads, headWidth, bias } = attention;
  const [batch, tokens] = x.type.shape as [number, number];
  const counts = [heads, keyHeads, keyHeads];
  const byCount = (value: Value, count: number) => reshape(value, [batch, tokens, count, -1]);
  const options = { bias, initializer };
  if (!names.isByHead) {
    const parts = projections(scope, names.projections, x, widthsOf(attention), options);
    const [query, key, value] = parts.map((part, index) => byCount(part, counts[index]!));
    return [query!, key!, value!];
  }
  const joined = byCount(linear(scope, names.projections[0]!, x, 3 * heads * headWidth, options), heads);
  const part = (index: number) => sliceAxis(joined, 3, index * headWidth, (index + 1) * headWidth);
  return [part(0), part(1), part(2)];
}

const widthsOf = ({ heads, keyHeads, headWidth }: AttentionPlan): readonly number[] => [
  heads * headWidth,
  keyHeads * headWidth,
  keyHeads * headWidth,
];
