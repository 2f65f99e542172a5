import { CACHE_POSITION, namedValue, POSITION_IDS, type Values } from '@attune/core';
import {
  add,
  and,
  cast,
  cumsum,
  dynamicSliceAxis,
  equal,
  greater,
  iota,
  lessEqual,
  maximum,
  reshape,
  sub,
  type Value,
} from '@attune/ir';

/** What tokens may see, and where they stand. */
export interface Sight {
  /** i32 [batch, tokens], counted from 0 at the first token that is not padding, on whichever side that is. */
  readonly positions: Value;
  /** Where in the cache the tokens go; absent without one. */
  readonly cachePosition?: Value;
  /** @param window how many tokens a token sees, itself among them; all by default */
  seen(window?: number): VisibleKeys;
}

/** Options of `scaledDotProductAttention`. */
interface VisibleKeys {
  /** bool; broadcasts to [batch, heads, tokens, keys]. */
  readonly mask: Value;
  readonly causal: boolean;
  readonly window?: number;
  /** The same for places in front of the first key; absent if `window` says it, or all are seen. */
  readonly frontMask?: (places: number) => Value;
}

/**
 * The sight of `inputIds` [batch, tokens] by `attentionMask` [batch, tokens]: each token sees itself and those before it.
 * Of rows with `positionIds` it sees those of its own text only, which begins at a 0.
 * With a cache the mask is of all its places [batch, length], and 1 in those that are not filled yet.
 * @param firstPosition of each row's first token
 * @param begins whether the text that is written begins with these tokens, so that there is no cache before them
 */
export function decoderSight(inputs: Values, firstPosition: number, begins: boolean): Sight {
  const mask = namedValue(inputs, 'attentionMask');
  const [batch, keys] = mask.type.shape as [number, number];
  const order = maximum(sub(cumsum(mask, 1), 1), 0);
  const counted = firstPosition === 0 ? order : add(order, firstPosition);
  const isToken = reshape(equal(mask, 1), [batch, 1, 1, keys]);
  const cachePosition = inputs[CACHE_POSITION];
  const places = inputs[POSITION_IDS];
  if (!cachePosition && places) {
    const text = cumsum(cast(equal(places, 0), 'i32'), 1);
    const isOwn = equal(reshape(text, [batch, 1, keys, 1]), reshape(text, [batch, 1, 1, keys]));
    const mask = and(isToken, isOwn);
    return {
      positions: firstPosition === 0 ? places : add(places, firstPosition),
      seen: (window) => ({ mask, causal: true, ...(window === undefined ? {} : { window }) }),
    };
  }
  if (!cachePosition) {
    return {
      positions: counted,
      seen: (window) => ({ mask: isToken, causal: true, ...(window === undefined ? {} : { window }) }),
    };
  }
  const tokens = namedValue(inputs, 'inputIds').type.shape[1]!;
  const start = begins ? 0 : cachePosition;
  const place = iota(mask.builder, [1, 1, 1, keys], 3);
  const own = add(iota(mask.builder, [1, 1, tokens, 1], 2), start);
  const earlier = and(isToken, lessEqual(place, own));
  return {
    positions: dynamicSliceAxis(counted, 1, start, tokens),
    ...(begins ? {} : { cachePosition }),
    seen(window) {
      if (window === undefined) return { mask: earlier, causal: false };
      // By positions, not places: padding between the texts and what stands in front of them does not count.
      const last = reshape(dynamicSliceAxis(order, 1, start, tokens), [batch, 1, tokens, 1]);
      const isNear = (positions: Value) => greater(positions, sub(last, window));
      return {
        mask: and(earlier, isNear(reshape(order, [batch, 1, 1, keys]))),
        causal: false,
        frontMask: (places) => isNear(sub(iota(mask.builder, [1, 1, 1, places], 3), places)),
      };
    },
  };
}
