import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { exp } from '../primitives/exp.js';
import { log } from '../primitives/log.js';
import { mul } from '../primitives/mul.js';
import { reduceMax } from '../primitives/reduce-max.js';
import { reduceSum } from '../primitives/reduce-sum.js';
import { reshape } from '../primitives/reshape.js';
import { sub } from '../primitives/sub.js';
import { samplesOf } from '../samples.js';
import { expectFloat, expectInputs, normalizeAxis } from '../shape.js';
import { keepAxis, type SoftmaxAttributes } from './softmax.js';

/** x - max - log(sum(exp(x - max))) along one axis. */
export const logSoftmaxDefinition = defineComposite<'log_softmax', SoftmaxAttributes>({
  name: 'log_softmax',
  infer(inputs) {
    expectInputs('log_softmax', inputs, 1);
    expectFloat('log_softmax', inputs);
    return [inputs[0]!];
  },
  decompose([x], { axis }) {
    const kept = keepAxis(x!.type.shape, axis);
    const shifted = sub(x!, reshape(reduceMax(x!, [axis]), kept));
    return [sub(shifted, reshape(log(reduceSum(exp(shifted), [axis])), kept))];
  },
  vjp({ outputs: [y], attributes: { axis }, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined];
    const total = reshape(reduceSum(cotangent, [axis]), keepAxis(y!.type.shape, axis));
    return [sub(cotangent, mul(exp(y!), total))];
  },
});

export const logSoftmaxSamples = () =>
  samplesOf<SoftmaxAttributes>(
    { inputs: [[2, 5]], attributes: { axis: 1 } },
    { inputs: [[3, 4, 2]], attributes: { axis: 1 } },
    { name: 'large logits', inputs: [[2, 3]], range: [-1e4, 1e4], attributes: { axis: 1 }, smooth: false },
  );

/** The logarithm of softmax along `axis` (-1 by default). */
export function logSoftmax(x: Value, axis = -1): Value {
  return x.builder.apply(logSoftmaxDefinition, [x], { axis: normalizeAxis(axis, x.type.shape.length) })[0]!;
}
