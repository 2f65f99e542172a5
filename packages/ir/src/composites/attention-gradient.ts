import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { overKeys, overQueries, overWidth } from '../functions/heads.js';
import { div } from '../primitives/div.js';
import { exp } from '../primitives/exp.js';
import { mul } from '../primitives/mul.js';
import { sliceAxis } from '../primitives/slice.js';
import { sub } from '../primitives/sub.js';
import { shapeError } from '../shape.js';
import { sameShape, type TensorType } from '../tensor.js';
import {
  type AttentionAttributes,
  type AttentionOperands,
  attentionOperands,
  attentionScores,
  dropProbabilities,
  expectAttention,
} from './attention-parts.js';

/**
 * The cotangents of attention's q, k and v. Inputs: q, k, v, the result's cotangent, attention's `statistics`, `shared`
 * [batch, heads, queries, 1], then attention's optional operands. With p the probabilities and dp their cotangents, those
 * of the scores are p (dp - shared): `shared` is the sum of p dp over the keys, which is that of cotangent times result
 * over the width.
 */
export const attentionGradientDefinition = defineComposite<'attention_gradient', AttentionAttributes>({
  name: 'attention_gradient',
  infer(inputs, attributes) {
    const { q, k, v } = expectAttentionGradient('attention_gradient', inputs, attributes);
    return [q, k, v];
  },
  decompose(inputs, attributes) {
    const { operands, cotangent } = gradientOperands(inputs, ({ type }) => type);
    const { q, k } = operands;
    const keyHeads = k.type.shape[1]!;
    const { probabilities, scoreCotangents } = backwardScores(inputs, attributes);
    return [
      mul(overKeys(scoreCotangents, k), attributes.scale),
      mul(overQueries(scoreCotangents, q, keyHeads), attributes.scale),
      overQueries(probabilities, cotangent, keyHeads),
    ];
  },
});

interface GradientOperands<T> {
  readonly operands: AttentionOperands<T>;
  readonly cotangent: T;
  readonly statistics: T;
  readonly shared: T;
}

/** Names the inputs of attention's gradients. */
export function gradientOperands<T>(inputs: readonly T[], typeOf: (operand: T) => TensorType): GradientOperands<T> {
  const [, , , cotangent, statistics, shared] = inputs;
  return {
    operands: attentionOperands(inputs, inputs.slice(6), typeOf),
    cotangent: cotangent!,
    statistics: statistics!,
    shared: shared!,
  };
}

/** The shape rule of attention's gradients. @throws AttuneError `E_SHAPE` */
export function expectAttentionGradient(
  op: string,
  inputs: readonly TensorType[],
  attributes: AttentionAttributes,
): AttentionOperands<TensorType> {
  if (inputs.length < 6) throw shapeError(op, `takes at least 6 inputs, got ${inputs.length}`, inputs);
  const { operands, cotangent, statistics, shared } = gradientOperands(inputs, (type) => type);
  expectAttention(op, operands, attributes, inputs);
  const rows = operands.q.shape.slice(0, 3);
  const fits =
    sameShape(cotangent.shape, [...rows, operands.v.shape[3]!]) &&
    sameShape(statistics.shape, [...rows, 2]) &&
    sameShape(shared.shape, [...rows, 1]);
  if (!fits) throw shapeError(op, 'cotangent, statistics and shared do not belong to q and v', inputs);
  return operands;
}

/** The probabilities after dropout, and the cotangents of the scores. */
export function backwardScores(
  inputs: readonly Value[],
  attributes: AttentionAttributes,
): { readonly probabilities: Value; readonly scoreCotangents: Value } {
  const { operands, cotangent, statistics, shared } = gradientOperands(inputs, ({ type }) => type);
  const { v, key } = operands;
  const { scores } = attentionScores(operands, attributes);
  const [shift, total] = [sliceAxis(statistics, 3, 0, 1), sliceAxis(statistics, 3, 1, 2)];
  const probabilities = div(exp(sub(scores, shift)), total);
  const arriving = overWidth(cotangent, v);
  return {
    probabilities: dropProbabilities(probabilities, key, attributes),
    scoreCotangents: mul(probabilities, sub(dropProbabilities(arriving, key, attributes), shared)),
  };
}
