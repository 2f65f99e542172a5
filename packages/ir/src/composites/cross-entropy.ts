import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { add } from '../primitives/add.js';
import { cast } from '../primitives/cast.js';
import { equal, notEqual } from '../primitives/compare.js';
import { gather } from '../primitives/gather.js';
import { iota } from '../primitives/iota.js';
import { mul } from '../primitives/mul.js';
import { neg } from '../primitives/neg.js';
import { reshape } from '../primitives/reshape.js';
import { select } from '../primitives/select.js';
import { sub } from '../primitives/sub.js';
import { samplesOf } from '../samples.js';
import { expectDType, expectFloat, expectInputs, shapeError } from '../shape.js';
import { hostTensor } from '../tensor.js';
import { logSoftmax } from './log-softmax.js';
import { softmax } from './softmax.js';

export type CrossEntropyAttributes = {
  /** Rows with this label have loss and gradient 0. */
  readonly ignoreIndex: number;
};

/** -log softmax(logits)[label] of each row: logits [rows, classes], labels i32 [rows], result [rows]. */
export const crossEntropyDefinition = defineComposite<'cross_entropy', CrossEntropyAttributes>({
  name: 'cross_entropy',
  infer(inputs) {
    expectInputs('cross_entropy', inputs, 2);
    const [logits, labels] = [inputs[0]!, inputs[1]!];
    expectFloat('cross_entropy', [logits]);
    expectDType('cross_entropy', labels, ['i32'], inputs);
    if (logits.shape.length !== 2 || labels.shape.length !== 1 || labels.shape[0] !== logits.shape[0]) {
      throw shapeError('cross_entropy', 'takes logits [rows, classes] and labels [rows]', inputs);
    }
    return [{ shape: labels.shape, dtype: logits.dtype }];
  },
  decompose([logits, labels], { ignoreIndex }) {
    const [rows, classes] = [logits!.type.shape[0]!, logits!.type.shape[1]!];
    const counts = notEqual(labels!, ignoreIndex);
    const safe = select(counts, labels!, 0);
    const offsets = add(mul(iota(logits!.builder, [rows], 0), classes), safe);
    const picked = gather(reshape(logSoftmax(logits!, 1), [rows * classes]), offsets);
    return [select(counts, neg(picked), 0)];
  },
  vjp({ inputs: [logits, labels], attributes: { ignoreIndex }, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined, undefined];
    const { shape, dtype } = logits!.type;
    const column = reshape(labels!, [shape[0]!, 1]);
    const target = cast(equal(column, iota(logits!.builder, [1, shape[1]!], 1)), dtype);
    const weight = reshape(select(notEqual(labels!, ignoreIndex), cotangent, 0), [shape[0]!, 1]);
    return [mul(sub(softmax(logits!, 1), target), weight), undefined];
  },
});

export const crossEntropySamples = () =>
  samplesOf<CrossEntropyAttributes>(
    { inputs: [[3, 4], hostTensor([3], [0, 3, 1], 'i32')], attributes: { ignoreIndex: -100 } },
    {
      name: 'ignored rows',
      inputs: [[3, 2], hostTensor([3], [-100, 1, -100], 'i32')],
      attributes: { ignoreIndex: -100 },
    },
  );

/** Cross entropy of each row, before any reduction. */
export function crossEntropyRows(logits: Value, labels: Value, ignoreIndex = -100): Value {
  return logits.builder.apply(crossEntropyDefinition, [logits, labels], { ignoreIndex })[0]!;
}
