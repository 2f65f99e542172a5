import { defineComposite } from '../definition.js';
import { einsum, matmul } from '../functions/products.js';
import { cast } from '../primitives/cast.js';
import { equal } from '../primitives/compare.js';
import type { NoAttributes } from '../primitives/elementwise.js';
import { exp } from '../primitives/exp.js';
import { iota } from '../primitives/iota.js';
import { mul } from '../primitives/mul.js';
import { reduceSum } from '../primitives/reduce-sum.js';
import { reshape } from '../primitives/reshape.js';
import { sub } from '../primitives/sub.js';
import { samplesOf, uniform } from '../samples.js';
import { shapeError } from '../shape.js';
import { hostTensor, sameShape } from '../tensor.js';
import { expectLinearLogits, linearLogits } from './linear-logits.js';

/**
 * The cotangents of linear_cross_entropy's hidden, weight and, where there is one, bias. Inputs: hidden, weight, labels, the
 * log-sum-exp of the logits, two numbers for each row, and perhaps bias. Logits have the cotangent
 * softmax * `ofAll` - (1 at the label, else 0) * `ofTarget`.
 */
export const linearCrossEntropyGradientDefinition = defineComposite<'linear_cross_entropy_gradient', NoAttributes>({
  name: 'linear_cross_entropy_gradient',
  infer(inputs) {
    const [hidden, weight, labels, total, ofTarget, ofAll, bias] = inputs;
    expectLinearLogits('linear_cross_entropy_gradient', inputs, bias);
    if (![total, ofTarget, ofAll].every((each) => each && sameShape(each.shape, labels!.shape))) {
      throw shapeError('linear_cross_entropy_gradient', 'takes three numbers for each row', inputs);
    }
    return [hidden!, weight!, ...(bias ? [bias] : [])];
  },
  decompose([hidden, weight, labels, total, ofTarget, ofAll, bias]) {
    const column = [labels!.type.shape[0]!, 1];
    const logits = linearLogits(hidden!, weight!, bias);
    const probabilities = exp(sub(logits, reshape(total!, column)));
    const classes = iota(labels!.builder, [1, weight!.type.shape[0]!], 1);
    const isTarget = cast(equal(reshape(labels!, column), classes), logits.type.dtype);
    const cotangent = sub(mul(probabilities, reshape(ofAll!, column)), mul(isTarget, reshape(ofTarget!, column)));
    return [
      matmul(cotangent, weight!),
      einsum('rc,rw->cw', cotangent, hidden!),
      ...(bias ? [reduceSum(cotangent, [0])] : []),
    ];
  },
});

export const linearCrossEntropyGradientSamples = () =>
  samplesOf<NoAttributes>(
    {
      inputs: [[3, 2], [5, 2], hostTensor([3], [0, 4, 1], 'i32'), uniform([3], [3, 5], 1), [3], [3], [5]],
    },
    {
      name: 'a label of no class, no bias',
      inputs: [[2, 2], [3, 2], hostTensor([2], [-100, 1], 'i32'), uniform([2], [3, 5], 2), [2], [2]],
    },
  );
