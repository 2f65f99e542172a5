import {
  add,
  argmax,
  cast,
  concat,
  div,
  dotGeneral,
  equal,
  gather,
  iota,
  maximum,
  maximumOver,
  mul,
  reduceSum,
  reshape,
  rsqrt,
  select,
  sliceAxis,
  type Value,
} from '@attune/ir';

/** The mean of x [batch, tokens, width] over the tokens whose mask (i32 [batch, tokens]) is 1: [batch, width]. */
export function meanPooling(x: Value, mask: Value): Value {
  const weights = cast(mask, 'f32');
  const sums = dotGeneral(weights, x, { lhsBatch: [0], rhsBatch: [0], lhsContract: [1], rhsContract: [1] });
  return div(sums, reshape(maximum(reduceSum(weights, [1]), 1e-9), [mask.type.shape[0]!, 1]));
}

/** The last token of each row of x [batch, tokens, width] whose mask (i32 [batch, tokens]) is 1: [batch, width]. */
export function lastToken(x: Value, mask: Value): Value {
  const [batch, , width] = x.type.shape;
  const last = argmax(mul(mask, iota(x.builder, mask.type.shape, 1)), 1);
  return reshape(tokensAt(x, reshape(last, [batch!, 1])), [batch!, width!]);
}

/** The largest of each unit over the tokens of x [batch, tokens, width] whose mask (i32 [batch, tokens]) is 1: [batch, width]. */
export function maxPooling(x: Value, mask: Value): Value {
  const isCounted = reshape(equal(mask, 1), [...mask.type.shape, 1]);
  return maximumOver(select(isCounted, x, -3.4e38), { axes: [1] });
}

/** The last token, the maximum and the mean side by side, as ULMFiT pools (Howard and Ruder 2018): [batch, 3 width]. */
export const concatPooling = (x: Value, mask: Value): Value =>
  concat([lastToken(x, mask), maxPooling(x, mask), meanPooling(x, mask)], 1);

/** The first token of x [batch, tokens, width]: [batch, width]. */
export function firstToken(x: Value): Value {
  return reshape(sliceAxis(x, 1, 0, 1), [x.type.shape[0]!, x.type.shape[2]!]);
}

/** Rows [batch, width] at unit length; lengths below 1e-12 count as that. */
export function normalizeRows(x: Value): Value {
  const squares = maximum(reduceSum(mul(x, x), [1]), 1e-24);
  return mul(x, reshape(rsqrt(squares), [x.type.shape[0]!, 1]));
}

/** The tokens of x [batch, tokens, width] at i32 positions [batch, count]: [batch, count, width]. */
export function tokensAt(x: Value, positions: Value): Value {
  const [batch, tokens, width] = x.type.shape;
  const starts = mul(iota(x.builder, [batch!, 1], 0), tokens!);
  return gather(reshape(x, [batch! * tokens!, width!]), add(positions, starts));
}
