import type { Value } from '../builder.js';
import { softmax } from '../composites/softmax.js';
import { add } from '../primitives/add.js';
import { and } from '../primitives/and.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { cast } from '../primitives/cast.js';
import { greater, lessEqual } from '../primitives/compare.js';
import { iota } from '../primitives/iota.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { select } from '../primitives/select.js';
import { sub } from '../primitives/sub.js';
import { einsum } from './products.js';
import { maximumOver } from './reductions.js';

export interface AttentionOptions {
  /** Factor on the scores. */
  readonly scale: number;
  /** Added to the scores; broadcasts to [batch, heads, queries, keys]. */
  readonly bias?: Value;
  /** bool, true where a query may attend; broadcasts to [batch, heads, queries, keys]. */
  readonly mask?: Value;
  /** Query i sees keys j <= i + (keys - queries). */
  readonly causal?: boolean;
  /** Query i sees keys j > i + (keys - queries) - window; with `causal` the last `window` keys up to its own. */
  readonly window?: number;
  /** Applied to the attention probabilities (dropout). */
  readonly onProbabilities?: (probabilities: Value) => Value;
}

/** What a masked score becomes: far below any other, and finite. */
export const MASKED_SCORE = -3.4028234663852886e38;

/**
 * softmax(q k^T scale + bias) v on q [batch, heads, queries, width] and k, v [batch, keyHeads, keys, width]; each of the
 * fewer key heads serves heads / keyHeads query heads in a row (grouped-query attention). A query that `mask`, `causal`
 * and `window` leave no key gives 0 and has no gradient, as in PyTorch; a `bias` does not hide keys in that sense.
 */
export function scaledDotProductAttention(q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const heads = q.type.shape[1]!;
  const scores = mul(einsum('bhqd,bhkd->bhqk', q, repeatHeads(k, heads)), options.scale);
  const biased = options.bias ? add(scores, options.bias) : scores;
  const mask = attentionMask(scores, options);
  const probabilities = softmax(mask ? select(mask, biased, MASKED_SCORE) : biased);
  const kept = options.onProbabilities?.(probabilities) ?? probabilities;
  const result = einsum('bhqk,bhkd->bhqd', kept, repeatHeads(v, heads));
  return mask && mayHideAllKeys(scores, options) ? select(seesAnyKey(mask), result, 0) : result;
}

/** Whether some query may be left without a key; never for causal attention of queries on at least as many keys. */
function mayHideAllKeys(scores: Value, { mask, causal, window }: AttentionOptions): boolean {
  const [queries, keys] = [scores.type.shape[2]!, scores.type.shape[3]!];
  return mask !== undefined || (causal === true && queries > keys) || (window !== undefined && window < 1);
}

/** The mask reduced over its keys, which keep a size of 1. */
function seesAnyKey(mask: Value): Value {
  return greater(maximumOver(cast(mask, 'f32'), { axes: [-1], keepAxes: true }), 0);
}

function attentionMask(scores: Value, { mask, causal, window }: AttentionOptions): Value | undefined {
  if (!causal && window === undefined) return mask;
  const [queries, keys] = [scores.type.shape[2]!, scores.type.shape[3]!];
  const query = add(iota(scores.builder, [queries, keys], 0), keys - queries);
  const key = iota(scores.builder, [queries, keys], 1);
  const rules = [
    ...(causal ? [lessEqual(key, query)] : []),
    ...(window === undefined ? [] : [greater(key, sub(query, window))]),
    ...(mask ? [mask] : []),
  ];
  return rules.reduce((all, rule) => and(all, rule));
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
