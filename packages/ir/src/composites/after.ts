import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import type { NoAttributes } from '../primitives/elementwise.js';
import { samplesOf, uniform } from '../samples.js';
import { shapeError } from '../shape.js';

/**
 * The first input, but not before all others are there. Devices that run ops in the order of the program let it vanish; one that
 * chooses an order claims it, so that what is computed again to save memory is not computed early.
 */
export const afterDefinition = defineComposite<'after', NoAttributes>({
  name: 'after',
  infer(inputs) {
    if (inputs.length < 2) throw shapeError('after', 'takes a value and what it waits for', inputs);
    return [inputs[0]!];
  },
  decompose: ([x]) => [x!],
  vjp: ({ inputs, cotangents: [cotangent] }) => [cotangent, ...inputs.slice(1).map(() => undefined)],
});

export const afterSamples = () =>
  samplesOf<NoAttributes>({ inputs: [[2, 3], [4], uniform([2], [0, 9], 3, 'i32')] }, { inputs: [[], []] });

/** x, once the others are there. */
export const after = (x: Value, ...others: readonly Value[]): Value =>
  x.builder.apply(afterDefinition, [x, ...others], {})[0]!;
