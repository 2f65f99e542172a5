import { cast, equal, MASKED_SCORE, mul, reshape, scaledDotProductAttention, transpose, type Value } from '@attune/ir';
import type { Initializer } from '../initializer.js';
import type { Scope } from '../scope.js';
import { dividedBy, linear } from './layers.js';

export interface SelfAttentionOptions {
  readonly heads: number;
  /** Added to the scores, [batch, 1, 1 or tokens, tokens]. */
  readonly bias?: Value;
  readonly dropout: number;
  /** Names of the projections. */
  readonly names?: { readonly query: string; readonly key: string; readonly value: string };
  /** How the projections' weights start where no file holds them. Absent: they must come from a file. */
  readonly initializer?: Initializer;
}

/** Multi-head self-attention of x [batch, tokens, width] without the output projection. */
export function selfAttention(
  scope: Scope,
  x: Value,
  { heads, bias, dropout, names = { query: 'query', key: 'key', value: 'value' }, initializer }: SelfAttentionOptions,
): Value {
  const [batch, tokens, width] = x.type.shape;
  const headWidth = dividedBy(width!, heads, 'hidden_size by num_attention_heads');
  const split = (y: Value) => transpose(reshape(y, [batch!, tokens!, heads, headWidth]), [0, 2, 1, 3]);
  const [query, key, value] = [names.query, names.key, names.value].map((name) =>
    split(linear(scope, name, x, width!, initializer ? { initializer } : {})),
  );
  const active = scope.activeDropout(dropout);
  const attended = scope.attention([heads, headWidth], { query: query!, key: key!, value: value!, bias }, (given) =>
    scaledDotProductAttention(given.query, given.key, given.value, {
      scale: 1 / Math.sqrt(headWidth),
      ...(given.bias ? { bias: given.bias } : {}),
      ...(active ? { dropout: active } : {}),
    }),
  );
  return reshape(transpose(attended, [0, 2, 1, 3]), [batch!, tokens!, width!]);
}

/** A bias of 0 where the mask i32 [batch, tokens] is 1 and of the lowest number elsewhere: [batch, 1, 1, tokens]. */
export function paddingBias(mask: Value): Value {
  const [batch, tokens] = mask.type.shape;
  const masked = cast(equal(reshape(mask, [batch!, 1, 1, tokens!]), 0), 'f32');
  return mul(masked, MASKED_SCORE);
}
