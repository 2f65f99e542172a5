import type { Value } from '../builder.js';
import { softmax } from '../composites/softmax.js';
import { add } from '../primitives/add.js';
import { and } from '../primitives/and.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { greater, lessEqual } from '../primitives/compare.js';
import { iota } from '../primitives/iota.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { select } from '../primitives/select.js';
import { sub } from '../primitives/sub.js';
import { einsum } from './products.js';

export interface AttentionOptions {
  /** Factor on the scores. */
  readonly scale: number;
  /** Added to the scores; broadcasts to [batch, heads, queries, keys]. */
  readonly bias?: Value;
  /** bool, true where a query may attend; broadcasts to [batch, heads, queries, keys]. */
  readonly mask?: Value;
  /** Query i sees keys j <= i + (keys - queries). */
  readonly causal?: boolean;
  /** With `causal`, also j > i + (keys - queries) - window. */
  readonly window?: number;
  /** Applied to the attention probabilities (dropout). */
  readonly onProbabilities?: (probabilities: Value) => Value;
}

/** What a masked score becomes: far below any other, and finite. */
export const MASKED_SCORE = -3.4028234663852886e38;

/**
 * softmax(q k^T scale + bias) v on q [batch, heads, queries, width] and k, v [batch, keyHeads, keys, width]; each of the
 * fewer key heads serves heads / keyHeads query heads in a row (grouped-query attention).
 */
export function scaledDotProductAttention(q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const heads = q.type.shape[1]!;
  const scores = mul(einsum('bhqd,bhkd->bhqk', q, repeatHeads(k, heads)), options.scale);
  const biased = options.bias ? add(scores, options.bias) : scores;
  const mask = attentionMask(scores, options);
  const probabilities = softmax(mask ? select(mask, biased, MASKED_SCORE) : biased);
  const kept = options.onProbabilities?.(probabilities) ?? probabilities;
  return einsum('bhqk,bhkd->bhqd', kept, repeatHeads(v, heads));
}

function attentionMask(scores: Value, { mask, causal, window }: AttentionOptions): Value | undefined {
  if (!causal) return mask;
  const [queries, keys] = [scores.type.shape[2]!, scores.type.shape[3]!];
  const query = add(iota(scores.builder, [queries, keys], 0), keys - queries);
  const key = iota(scores.builder, [queries, keys], 1);
  const past = lessEqual(key, query);
  const visible = window === undefined ? past : and(past, greater(key, sub(query, window)));
  return mask ? and(mask, visible) : visible;
}

function repeatHeads(x: Value, heads: number): Value {
  const [batch, own, tokens, width] = x.type.shape;
  if (own === heads) return x;
  const repeated = [batch!, own!, heads / own!, tokens!, width!];
  return reshape(broadcastTo(reshape(x, [batch!, own!, 1, tokens!, width!]), repeated), [
    batch!,
    heads,
    tokens!,
    width!,
  ]);
}
