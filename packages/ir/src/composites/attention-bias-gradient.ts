import { defineComposite } from '../definition.js';
import { sum } from '../functions/reductions.js';
import { shapeError } from '../shape.js';
import { backwardScores, expectAttentionGradient, gradientOperands } from './attention-gradient.js';
import type { AttentionAttributes } from './attention-parts.js';

/**
 * The cotangent of attention's bias, from the inputs of `attention_gradient`. An op of its own: most biases are masks,
 * whose gradient nobody asks for, and no kernel should have to sum it.
 */
export const attentionBiasGradientDefinition = defineComposite<'attention_bias_gradient', AttentionAttributes>({
  name: 'attention_bias_gradient',
  infer(inputs, attributes) {
    const { bias } = expectAttentionGradient('attention_bias_gradient', inputs, attributes);
    if (!bias) throw shapeError('attention_bias_gradient', 'there is no bias', inputs);
    return [bias];
  },
  decompose(inputs, attributes) {
    const { bias } = gradientOperands(inputs, ({ type }) => type).operands;
    const { shape } = bias!.type;
    const repeated = shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
    return [sum(backwardScores(inputs, attributes).scoreCotangents, { axes: repeated, keepAxes: true })];
  },
});
