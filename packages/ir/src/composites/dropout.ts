import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { and } from '../primitives/and.js';
import { greaterEqual } from '../primitives/compare.js';
import { concat } from '../primitives/concat.js';
import { mul } from '../primitives/mul.js';
import { randomBits } from '../primitives/random-bits.js';
import { reshape } from '../primitives/reshape.js';
import { select } from '../primitives/select.js';
import { shiftRight } from '../primitives/shift-right.js';
import { slice } from '../primitives/slice.js';
import { xor } from '../primitives/xor.js';
import { samplesOf } from '../samples.js';
import { expectFloat, expectInputs } from '../shape.js';
import { elementCount, hostTensor } from '../tensor.js';

export type DropoutAttributes = {
  /** The share of elements set to 0, in [0, 1); held to 16 bits. */
  readonly rate: number;
  /** A number of the place in the model, so that one key gives every place its own mask. */
  readonly site: number;
};

/**
 * Inverted dropout (Srivastava et al. 2014): elements are dropped with probability `rate`, the others divided by
 * 1 - rate. The mask is a function of key, site and position: each random word gives the mask of two elements, its low
 * half that of element i, its high half that of element i + h, where h is half the elements. The second output is the
 * mask.
 */
export const dropoutDefinition = defineComposite<'dropout', DropoutAttributes>({
  name: 'dropout',
  infer(inputs) {
    expectInputs('dropout', inputs, 2);
    expectFloat('dropout', inputs.slice(0, 1));
    return [inputs[0]!, { shape: inputs[0]!.shape, dtype: 'bool' }];
  },
  decompose([x, key], attributes) {
    const mask = dropoutMask(key!, x!.type.shape, attributes);
    return [maskedDropout(x!, mask, attributes.rate), mask];
  },
  vjp: ({ outputs: [, mask], attributes: { rate }, cotangents: [cotangent] }) => [
    cotangent && maskedDropout(cotangent, mask!, rate),
    undefined,
  ],
});

export const dropoutSamples = () =>
  samplesOf<DropoutAttributes>(
    { inputs: [[4, 5], hostTensor([2], [1, 2], 'u32')], attributes: { rate: 0.5, site: 3 } },
    { inputs: [[7], hostTensor([2], [9, 9], 'u32')], attributes: { rate: 0.1, site: 0 } },
  );

/** x where the mask is true, scaled up by what is lost. */
export const maskedDropout = (x: Value, mask: Value, rate: number): Value => select(mask, mul(x, 1 / (1 - rate)), 0);

/** bool of a shape: true with probability 1 - rate. */
export function dropoutMask(key: Value, shape: readonly number[], { rate, site }: DropoutAttributes): Value {
  const count = elementCount(shape);
  const { builder } = key;
  const own = xor(key, builder.constant(hostTensor([2], [site, 0x9e3779b9], 'u32')));
  const words = randomBits(own, [Math.ceil(count / 2)]);
  const threshold = builder.scalar(Math.round(rate * 2 ** 16), 'u32');
  const low = greaterEqual(and(words, 0xffff), threshold);
  const high = greaterEqual(shiftRight(words, 16), threshold);
  return reshape(slice(concat([low, high], 0), [0], [count]), shape);
}

/** x with elements dropped. `key` is u32[2]. */
export function dropout(x: Value, key: Value, attributes: DropoutAttributes): Value {
  return x.builder.apply(dropoutDefinition, [x, key], attributes)[0]!;
}
