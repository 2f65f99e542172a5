/** Products of grouped-query attention: each key head serves several query heads in a row (Ainslie et al. 2023). */
import type { Value } from '../builder.js';
import { reshape } from '../primitives/reshape.js';
import { einsum } from './products.js';

/**
 * The heads that a key head serves, one below the other: x [batch, heads, tokens, width] as [batch, keyHeads, more tokens,
 * width]. Keys and values need no copies for them then.
 */
function grouped(x: Value, keyHeads: number): Value {
  const [batch, heads, tokens, width] = x.type.shape;
  if (heads === keyHeads) return x;
  return reshape(x, [batch!, keyHeads, (heads! / keyHeads) * tokens!, width!]);
}

function ungrouped(x: Value, heads: number): Value {
  const [batch, keyHeads, rows, width] = x.type.shape;
  if (heads === keyHeads) return x;
  return reshape(x, [batch!, heads, (rows! * keyHeads!) / heads, width!]);
}

/** x [batch, heads, queries, width] by y [batch, keyHeads, keys, width], over the width: [batch, heads, queries, keys]. */
export const overWidth = (x: Value, y: Value): Value =>
  ungrouped(einsum('bhqd,bhkd->bhqk', grouped(x, y.type.shape[1]!), y), x.type.shape[1]!);

/** x [batch, heads, queries, keys] by y [batch, keyHeads, keys, width], over the keys: [batch, heads, queries, width]. */
export const overKeys = (x: Value, y: Value): Value =>
  ungrouped(einsum('bhqk,bhkd->bhqd', grouped(x, y.type.shape[1]!), y), x.type.shape[1]!);

/**
 * x [batch, heads, queries, keys] by y [batch, heads, queries, width], over the queries of all heads that a key head serves:
 * [batch, keyHeads, keys, width].
 */
export const overQueries = (x: Value, y: Value, keyHeads: number): Value =>
  einsum('bhqk,bhqd->bhkd', grouped(x, keyHeads), grouped(y, keyHeads));
