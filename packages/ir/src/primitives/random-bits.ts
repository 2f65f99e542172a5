import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { mixWord } from '../mix-word.js';
import { fill } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectDType, expectInputs, shapeError } from '../shape.js';
import { hostTensor } from '../tensor.js';

export type RandomBitsAttributes = { readonly shape: readonly number[] };

/**
 * Random u32 words from a u32[2] key, counter-based: word i is mix(mix(i xor key[0]) xor key[1]), where mix is a
 * bijection of 32 bits with nearly no bias (`mixWord`). The same words on every backend, and some seven times fewer
 * operations than Threefry; keys come from Threefry on the host (docs/decisions/0004).
 */
export const randomBitsDefinition = definePrimitive<'random_bits', RandomBitsAttributes>({
  name: 'random_bits',
  infer(inputs, { shape }) {
    expectInputs('random_bits', inputs, 1);
    expectDType('random_bits', inputs[0]!, ['u32'], inputs);
    if (inputs[0]!.shape.length !== 1 || inputs[0]!.shape[0] !== 2) {
      throw shapeError('random_bits', 'the key is u32[2]', inputs);
    }
    return [{ shape, dtype: 'u32' }];
  },
  vjp: () => [undefined],
  reference: ([key], _, [type]) => [fill(type!, (index) => mixWord(mixWord(index ^ key!.data[0]!) ^ key!.data[1]!))],
});

export const randomBitsSamples = () =>
  samplesOf<RandomBitsAttributes>(
    { name: 'even', inputs: [hostTensor([2], [1, 2], 'u32')], attributes: { shape: [2, 3] } },
    { name: 'odd', inputs: [hostTensor([2], [0xffffffff, 7], 'u32')], attributes: { shape: [5] } },
  );

export function randomBits(key: Value, shape: readonly number[]): Value {
  return key.builder.apply(randomBitsDefinition, [key], { shape })[0]!;
}
