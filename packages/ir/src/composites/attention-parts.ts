/** What attention and its gradients share: attributes, operands, and how scores are made. */
import type { Value } from '../builder.js';
import { softCapped } from '../functions/activations.js';
import { overWidth } from '../functions/heads.js';
import { maximumOver } from '../functions/reductions.js';
import { add } from '../primitives/add.js';
import { and } from '../primitives/and.js';
import { cast } from '../primitives/cast.js';
import { greater, lessEqual } from '../primitives/compare.js';
import { iota } from '../primitives/iota.js';
import { mul } from '../primitives/mul.js';
import { select } from '../primitives/select.js';
import { sliceAxis } from '../primitives/slice.js';
import { sub } from '../primitives/sub.js';
import { expectDType, expectFloat, shapeError } from '../shape.js';
import { isFloat, sameShape, type TensorType } from '../tensor.js';
import { type DropoutAttributes, dropout, dropoutMask, maskedDropout } from './dropout.js';

export type AttentionAttributes = {
  /** Factor on the scores. */
  readonly scale: number;
  /** A query sees no key behind its own place. */
  readonly causal: boolean;
  /** A query sees no key `window` places or more before its own; null for no limit. */
  readonly window: number | null;
  /** Dropout of the probabilities; null for none. */
  readonly dropout: DropoutAttributes | null;
  /**
   * The queries are the numbers `firstQuery`, `firstQuery + 1`, … of `allQueries`, the last of which has the place of the
   * last key. Dropout cuts their rows out of the mask of [batch, heads, allQueries, keys].
   */
  readonly firstQuery: number;
  readonly allQueries: number;
};

export interface AttentionOperands<T> {
  /** [batch, heads, queries, width]. */
  readonly q: T;
  /** [batch, keyHeads, keys, width]: each key head serves heads / keyHeads heads in a row. */
  readonly k: T;
  /** [batch, keyHeads, keys, valueWidth]. */
  readonly v: T;
  /** Added to the scores; floating [batch or 1, heads or 1, queries or 1, keys or 1]. */
  readonly bias: T | undefined;
  /** Where a query may attend; bool, shaped as a bias. */
  readonly mask: T | undefined;
  /** The key of dropout, u32[2]. */
  readonly key: T | undefined;
}

/** What a masked score becomes: far below any other, and finite. */
export const MASKED_SCORE = -3.4028234663852886e38;

/** Names the inputs q, k, v and, behind them, those that there are of bias, mask and key: their dtypes tell which. */
export function attentionOperands<T>(
  [q, k, v]: readonly T[],
  optional: readonly T[],
  typeOf: (operand: T) => TensorType,
): AttentionOperands<T> {
  const find = (matches: (type: TensorType) => boolean) => optional.find((operand) => matches(typeOf(operand)));
  return {
    q: q!,
    k: k!,
    v: v!,
    bias: find(({ dtype }) => isFloat(dtype)),
    mask: find(({ dtype }) => dtype === 'bool'),
    key: find(({ dtype }) => dtype === 'u32'),
  };
}

/** The shape rule of the operands. @throws AttuneError `E_SHAPE` */
export function expectAttention(
  op: string,
  operands: AttentionOperands<TensorType>,
  { dropout, firstQuery, allQueries }: AttentionAttributes,
  inputs: readonly TensorType[],
): void {
  const { q, k, v, bias, mask, key } = operands;
  expectFloat(op, [q, k, v]);
  const [batch, heads, queries, width] = q.shape;
  const [, keyHeads, keys] = k.shape;
  const fits =
    [q, k, v].every(({ shape, dtype }) => shape.length === 4 && shape[0] === batch && dtype === q.dtype) &&
    k.shape[3] === width &&
    sameShape(k.shape.slice(0, 3), v.shape.slice(0, 3)) &&
    heads! % keyHeads! === 0;
  if (!fits) throw shapeError(op, 'takes q [batch, heads, queries, width] and k, v of fewer heads', inputs);
  const scores = [batch, heads, queries, keys];
  for (const operand of [bias, mask]) {
    if (
      operand &&
      !(operand.shape.length === 4 && operand.shape.every((size, at) => size === 1 || size === scores[at]))
    )
      throw shapeError(op, `bias or mask do not broadcast to the scores [${scores}]`, inputs);
  }
  if (bias && bias.dtype !== q.dtype) throw shapeError(op, 'the bias has another dtype', inputs);
  if ((dropout === null) !== (key === undefined)) throw shapeError(op, 'takes a key if there is dropout', inputs);
  if (key) expectDType(op, key, ['u32'], inputs);
  if (firstQuery < 0 || firstQuery + queries! > allQueries) {
    throw shapeError(op, `has no queries from ${firstQuery} on among ${allQueries}`, inputs);
  }
}

export interface Scores {
  /** [batch, heads, queries, keys]; MASKED_SCORE where a query may not attend. */
  readonly scores: Value;
  /** bool [batch, heads, queries or 1, 1], false for queries without any key; absent where every query has one. */
  readonly seesAnyKey: Value | undefined;
}

/** The scores before softmax. @param softCap as `AttentionOptions.softCap` */
export function attentionScores(
  { q, k, bias, mask }: AttentionOperands<Value>,
  attributes: AttentionAttributes,
  softCap?: number,
): Scores {
  const scaled = mul(overWidth(q, k), attributes.scale);
  const products = softCap === undefined ? scaled : softCapped(scaled, softCap);
  const biased = bias ? add(products, bias) : products;
  const visible = visibleKeys(products, mask, attributes);
  if (!visible) return { scores: biased, seesAnyKey: undefined };
  const scores = select(visible, biased, MASKED_SCORE);
  if (!mayHideAllKeys(products, mask, attributes)) return { scores, seesAnyKey: undefined };
  return { scores, seesAnyKey: greater(maximumOver(cast(visible, 'f32'), { axes: [-1], keepAxes: true }), 0) };
}

function visibleKeys(
  scores: Value,
  mask: Value | undefined,
  { causal, window, firstQuery, allQueries }: AttentionAttributes,
): Value | undefined {
  if (!causal && window === null) return mask;
  const [queries, keys] = [scores.type.shape[2]!, scores.type.shape[3]!];
  const query = add(iota(scores.builder, [queries, keys], 0), keys - allQueries + firstQuery);
  const key = iota(scores.builder, [queries, keys], 1);
  const rules = [
    ...(causal ? [lessEqual(key, query)] : []),
    ...(window === null ? [] : [greater(key, sub(query, window))]),
    ...(mask ? [mask] : []),
  ];
  return rules.reduce((all, rule) => and(all, rule));
}

/** Whether some query may be left without a key; never for causal attention of queries on at least as many keys. */
function mayHideAllKeys(
  scores: Value,
  mask: Value | undefined,
  { causal, window, firstQuery, allQueries }: AttentionAttributes,
): boolean {
  const startsBeforeKeys = scores.type.shape[3]! - allQueries + firstQuery < 0;
  return mask !== undefined || (causal && startsBeforeKeys) || (window !== null && window < 1);
}

/** Dropout of probabilities or, with the same mask, of their cotangents. */
export function dropProbabilities(x: Value, key: Value | undefined, attributes: AttentionAttributes): Value {
  const { dropout: rule, firstQuery, allQueries } = attributes;
  if (!rule || !key) return x;
  const [batch, heads, queries, keys] = x.type.shape;
  if (queries === allQueries) return dropout(x, key, rule);
  const mask = dropoutMask(key, [batch!, heads!, allQueries, keys!], rule);
  return maskedDropout(x, sliceAxis(mask, 2, firstQuery, firstQuery + queries!), rule.rate);
}
