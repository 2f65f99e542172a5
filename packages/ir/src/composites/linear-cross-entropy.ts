import { defineComposite } from '../definition.js';
import { logSumExp } from '../functions/reductions.js';
import { add } from '../primitives/add.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { notEqual } from '../primitives/compare.js';
import { select } from '../primitives/select.js';
import { samplesOf } from '../samples.js';
import { hostTensor } from '../tensor.js';
import { type CrossEntropyAttributes, crossEntropyRows } from './cross-entropy.js';
import { linearCrossEntropyGradientDefinition } from './linear-cross-entropy-gradient.js';
import { expectLinearLogits, linearLogits } from './linear-logits.js';

/**
 * The cross entropy of rows against the logits hidden weight^T + bias: so that a kernel can go through a large vocabulary in
 * parts, and no device has to hold all logits. Inputs: hidden [rows, width], weight [classes, width], labels i32 [rows]
 * and perhaps bias [classes]. Outputs: the loss [rows], and the log-sum-exp of the logits [rows] for the backward pass.
 */
export const linearCrossEntropyDefinition = defineComposite<'linear_cross_entropy', CrossEntropyAttributes>({
  name: 'linear_cross_entropy',
  gradient: linearCrossEntropyGradientDefinition.name,
  infer(inputs) {
    const [hidden, , labels] = inputs;
    expectLinearLogits('linear_cross_entropy', inputs, inputs[3]);
    const rows = { shape: labels!.shape, dtype: hidden!.dtype };
    return [rows, rows];
  },
  decompose([hidden, weight, labels, bias], { ignoreIndex }) {
    const logits = linearLogits(hidden!, weight!, bias);
    return [crossEntropyRows(logits, labels!, ignoreIndex), logSumExp(logits, { axes: [1] })];
  },
  vjp({ inputs, outputs: [loss, total], attributes: { ignoreIndex }, cotangents: [cotangent, totalCotangent] }) {
    const [hidden, weight, labels, ...bias] = inputs;
    const arriving = cotangent ?? broadcastTo(loss!.builder.scalar(0), loss!.type.shape);
    const ofTarget = select(notEqual(labels!, ignoreIndex), arriving, 0);
    const ofAll = totalCotangent ? add(ofTarget, totalCotangent) : ofTarget;
    const given = [hidden!, weight!, labels!, total!, ofTarget, ofAll, ...bias];
    const [byHidden, byWeight, ...byBias] = loss!.builder.apply(linearCrossEntropyGradientDefinition, given, {});
    return [byHidden, byWeight, undefined, ...byBias];
  },
});

export const linearCrossEntropySamples = () =>
  samplesOf<CrossEntropyAttributes>(
    { inputs: [[3, 2], [5, 2], hostTensor([3], [0, 4, 1], 'i32'), [5]], attributes: { ignoreIndex: -100 } },
    {
      name: 'ignored rows, no bias',
      inputs: [[3, 2], [4, 2], hostTensor([3], [-1, 3, -1], 'i32')],
      attributes: { ignoreIndex: -1 },
    },
  );
