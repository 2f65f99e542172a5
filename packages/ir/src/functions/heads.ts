/** Heads of grouped-query attention: each key head serves several query heads in a row (Ainslie et al. 2023). */
import type { Value } from '../builder.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { reduceSum } from '../primitives/reduce-sum.js';
import { reshape } from '../primitives/reshape.js';

/** x [batch, keyHeads, tokens, width] with each head repeated in place: [batch, heads, tokens, width]. */
export function repeatHeads(x: Value, heads: number): Value {
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

/** The transpose of `repeatHeads`: x [batch, heads, tokens, width] summed to [batch, keyHeads, tokens, width]. */
export function sumHeads(x: Value, keyHeads: number): Value {
  const [batch, heads, tokens, width] = x.type.shape;
  if (heads === keyHeads) return x;
  return reduceSum(reshape(x, [batch!, keyHeads, heads! / keyHeads, tokens!, width!]), [2]);
}
