import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { fill } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectDType, expectInputs } from '../shape.js';
import { hostTensor } from '../tensor.js';
import type { NoAttributes } from './elementwise.js';

/** Logical not of a bool. */
export const notDefinition = definePrimitive<'not', NoAttributes>({
  name: 'not',
  infer(inputs) {
    expectInputs('not', inputs, 1);
    expectDType('not', inputs[0]!, ['bool'], inputs);
    return [inputs[0]!];
  },
  vjp: () => [undefined],
  reference: ([x], _, [type]) => [fill(type!, (index) => (x!.data[index] ? 0 : 1))],
});

export const notSamples = () => samplesOf<NoAttributes>({ inputs: [hostTensor([3], [0, 1, 0], 'bool')] });

export const not = (x: Value): Value => x.builder.apply(notDefinition, [x], {})[0]!;
