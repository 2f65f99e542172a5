/** Attention of decoders: each token sees itself and those before it, in the batch or in a cache. */
import {
  add,
  and,
  cumsum,
  dynamicSliceAxis,
  dynamicUpdateSliceAxis,
  equal,
  iota,
  lessEqual,
  maximum,
  type RotaryOptions,
  reshape,
  rotaryAngles,
  rotaryEmbedding,
  scaledDotProductAttention,
  sub,
  transpose,
  type Value,
} from '@attune/ir';
import type { Initializer } from '../initializer.js';
import type { Values } from '../model.js';
import { namedValue } from '../objectives/labels.js';
import type { Scope } from '../scope.js';
import { linear } from './layers.js';

/** The input that says where in the cache the batch's tokens go, an i32 scalar; absent without a cache. */
export const CACHE_POSITION = 'cachePosition';

/** What tokens may see, and where they stand. */
export interface Sight {
  /** i32 [batch, tokens], counted from 0 at the first token that is not padding, on whichever side that is. */
  readonly positions: Value;
  /** bool; broadcasts to [batch, heads, tokens, keys]. */
  readonly mask: Value;
  /** Whether the mask is only of padding: which tokens came later, attention knows itself. */
  readonly causal: boolean;
  readonly cachePosition?: Value;
}

/**
 * The sight of `inputIds` [batch, tokens] by `attentionMask` [batch, tokens]. With a cache the mask is of all its places
 * [batch, length], and 1 in those that are not filled yet.
 * @param firstPosition of each row's first token
 */
export function decoderSight(inputs: Values, firstPosition = 0): Sight {
  const mask = namedValue(inputs, 'attentionMask');
  const [batch, keys] = mask.type.shape as [number, number];
  const order = maximum(sub(cumsum(mask, 1), 1), 0);
  const counted = firstPosition === 0 ? order : add(order, firstPosition);
  const isToken = reshape(equal(mask, 1), [batch, 1, 1, keys]);
  const cachePosition = inputs[CACHE_POSITION];
  if (!cachePosition) return { positions: counted, mask: isToken, causal: true };
  const tokens = namedValue(inputs, 'inputIds').type.shape[1]!;
  const place = iota(mask.builder, [1, 1, 1, keys], 3);
  const own = add(iota(mask.builder, [1, 1, tokens, 1], 2), cachePosition);
  return {
    positions: dynamicSliceAxis(counted, 1, cachePosition, tokens),
    mask: and(isToken, lessEqual(place, own)),
    causal: false,
    cachePosition,
  };
}

export interface CausalAttentionOptions {
  readonly heads: number;
  /** Each serves heads / keyHeads query heads. */
  readonly keyHeads: number;
  readonly headWidth: number;
  /** Whether the projections have biases. */
  readonly bias: boolean;
  readonly rotary: RotaryOptions;
  readonly dropout: number;
  readonly initializer: Initializer;
  /** Keys and values of the tokens so far, [batch, keyHeads, length, headWidth] each. */
  readonly cache?: readonly [key: Value, value: Value] | undefined;
}

/**
 * Grouped-query attention (Ainslie et al. 2023) with rotary positions (Su et al. 2021) over x [batch, tokens, width], with
 * the parameters `q_proj`, `k_proj`, `v_proj` and `o_proj` of transformers' decoders.
 * @returns the result, and the cache with the keys and values of these tokens
 */
export function causalAttention(
  scope: Scope,
  x: Value,
  { positions, mask, causal, cachePosition }: Sight,
  options: CausalAttentionOptions,
): { readonly attended: Value; readonly cache: readonly [Value, Value] } {
  const { heads, keyHeads, headWidth, bias, rotary, initializer } = options;
  const [batch, tokens, width] = x.type.shape as [number, number, number];
  const project = (name: string, count: number) => {
    const projected = linear(scope, name, x, count * headWidth, { bias, initializer });
    return transpose(reshape(projected, [batch, tokens, count, headWidth]), [0, 2, 1, 3]);
  };
  const angles = rotaryAngles(positions, rotary);
  const query = rotaryEmbedding(project('q_proj', heads), angles, rotary);
  const fresh = [rotaryEmbedding(project('k_proj', keyHeads), angles, rotary), project('v_proj', keyHeads)] as const;
  const placed = (index: 0 | 1) => {
    const kept = options.cache?.[index];
    return kept && cachePosition ? dynamicUpdateSliceAxis(kept, fresh[index], 2, cachePosition) : fresh[index];
  };
  const [key, value] = [placed(0), placed(1)];
  const dropout = scope.activeDropout(options.dropout);
  const attended = scope.attention([keyHeads, headWidth], { query, key, value, mask }, (given) =>
    scaledDotProductAttention(given.query, given.key, given.value, {
      scale: headWidth ** -0.5,
      ...(given.mask ? { mask: given.mask } : {}),
      causal,
      ...(dropout ? { dropout } : {}),
    }),
  );
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [batch, tokens, heads * headWidth]);
  return { attended: linear(scope, 'o_proj', joined, width, { bias, initializer }), cache: [key, value] };
}
