import { definePrimitive } from '../definition.js';
import { samplesOf, uniform } from '../samples.js';
import { expectInputs } from '../shape.js';
import { type NoAttributes, unaryFunction } from './elementwise.js';

/**
 * x, through which no gradient goes back. Passes may move it and join equal ones, and do not look through it; `legalize`
 * and the emitters of all backends let it vanish, since nobody differentiates behind them.
 */
export const stopGradientDefinition = definePrimitive<'stop_gradient', NoAttributes>({
  name: 'stop_gradient',
  infer(inputs) {
    expectInputs('stop_gradient', inputs, 1);
    return [inputs[0]!];
  },
  vjp: () => [undefined],
  reference: ([x]) => [x!],
});

export const stopGradientSamples = () =>
  samplesOf<NoAttributes>(
    { inputs: [[2, 3]] },
    { inputs: [[]] },
    { name: 'i32', inputs: [uniform([3], [-9, 9], 1, 'i32')] },
    { name: 'bool', inputs: [uniform([5], [0, 2], 2, 'bool')] },
    { name: 'f16', inputs: [uniform([3], [-2, 2], 3, 'f16')] },
  );

export const stopGradient = unaryFunction(stopGradientDefinition);
