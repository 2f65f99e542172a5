import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { overKeys } from '../functions/heads.js';
import { maximumOver, sum } from '../functions/reductions.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { concat } from '../primitives/concat.js';
import { exp } from '../primitives/exp.js';
import { floor } from '../primitives/floor.js';
import { mul } from '../primitives/mul.js';
import { select } from '../primitives/select.js';
import { sliceAxis } from '../primitives/slice.js';
import { sub } from '../primitives/sub.js';
import { attentionBiasGradientDefinition } from './attention-bias-gradient.js';
import { attentionGradientDefinition } from './attention-gradient.js';
import {
  type AttentionAttributes,
  type AttentionOperands,
  attentionOperands,
  attentionScores,
  dropProbabilities,
  expectAttention,
  type Scores,
} from './attention-parts.js';
import { softmax } from './softmax.js';

/**
 * softmax(q k^T scale + bias) v (Vaswani et al. 2017) over inputs as `AttentionOperands` lists them. A query without any
 * key gives 0. The second output lets the backward pass make the probabilities again without the sum over all keys, as
 * in flash attention (Dao et al. 2022): `statistics` [batch, heads, queries, 2] are the largest score, rounded down, and
 * the sum of exp(score - that); 0 and 1 for a query without any key. Two numbers in place of their log-sum-exp, which
 * would lose the sum where a bias puts all scores of a query far below 0.
 */
export const attentionDefinition = defineComposite<'attention', AttentionAttributes>({
  name: 'attention',
  gradient: attentionGradientDefinition.name,
  infer(inputs, attributes) {
    const operands = attentionOperands(inputs, inputs.slice(3), (type) => type);
    expectAttention('attention', operands, attributes, inputs);
    const [batch, heads, queries] = operands.q.shape;
    const { dtype } = operands.q;
    return [
      { shape: [batch!, heads!, queries!, operands.v.shape[3]!], dtype },
      { shape: [batch!, heads!, queries!, 2], dtype },
    ];
  },
  decompose(inputs, attributes) {
    const operands = attentionOperands(inputs, inputs.slice(3), ({ type }) => type);
    const scores = attentionScores(operands, attributes);
    return [weightedValues(operands, scores, attributes), statisticsOf(scores)];
  },
  vjp({ inputs, outputs: [result, statistics], attributes, cotangents: [cotangent, statisticsCotangent] }) {
    const [q, k, v, ...optional] = inputs;
    const arriving = cotangent ?? broadcastTo(result!.builder.scalar(0), result!.type.shape);
    const sumOf = (x: Value) => sliceAxis(x, 3, 1, 2);
    // The part of a score's gradient that all keys of a query share; the rounded maximum has none.
    const alike = sum(mul(arriving, result!), { axes: [-1], keepAxes: true });
    const shared = statisticsCotangent ? sub(alike, mul(sumOf(statistics!), sumOf(statisticsCotangent))) : alike;
    const given = [q!, k!, v!, arriving, statistics!, shared, ...optional];
    const { builder } = result!;
    const gradients = builder.apply(attentionGradientDefinition, given, attributes);
    const { bias } = attentionOperands(inputs, optional, ({ type }) => type);
    const byBias = bias && builder.apply(attentionBiasGradientDefinition, given, attributes)[0];
    return [...gradients, ...optional.map((operand) => (operand === bias ? byBias : undefined))];
  },
});

/** Values weighed by the softmax of their scores. */
export function weightedValues(
  { v, key }: AttentionOperands<Value>,
  { scores, seesAnyKey }: Scores,
  attributes: AttentionAttributes,
): Value {
  const probabilities = dropProbabilities(softmax(scores), key, attributes);
  const result = overKeys(probabilities, v);
  return seesAnyKey ? select(seesAnyKey, result, 0) : result;
}

function statisticsOf({ scores, seesAnyKey }: Scores): Value {
  const largest = floor(maximumOver(scores, { axes: [-1], keepAxes: true }));
  const shift = seesAnyKey ? select(seesAnyKey, largest, 0) : largest;
  const total = sum(exp(sub(scores, shift)), { axes: [-1], keepAxes: true });
  return concat([shift, seesAnyKey ? select(seesAnyKey, total, 1) : total], 3);
}
