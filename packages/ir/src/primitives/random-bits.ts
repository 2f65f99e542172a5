import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { samplesOf } from '../samples.js';
import { expectDType, expectInputs, shapeError } from '../shape.js';
import { elementCount, hostTensor } from '../tensor.js';
import { threefry } from '../threefry.js';

export type RandomBitsAttributes = { readonly shape: readonly number[] };

/**
 * Random u32 words from a u32[2] key by Threefry-2x32. With n words in all and h = ceil(n / 2), the counter
 * (i, i + h) gives the words i and i + h: the same words on every backend.
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
  reference([key], _, [type]) {
    const data = new Uint32Array(elementCount(type!.shape));
    const half = Math.ceil(data.length / 2);
    const words: [number, number] = [key!.data[0]!, key!.data[1]!];
    for (let index = 0; index < half; index++) {
      const [first, second] = threefry(words, [index, index + half]);
      data[index] = first;
      if (index + half < data.length) data[index + half] = second;
    }
    return [{ type: type!, data }];
  },
  samples: samplesOf<RandomBitsAttributes>(
    { name: 'even', inputs: [hostTensor([2], [1, 2], 'u32')], attributes: { shape: [2, 3] } },
    { name: 'odd', inputs: [hostTensor([2], [0xffffffff, 7], 'u32')], attributes: { shape: [5] } },
  ),
});

export function randomBits(key: Value, shape: readonly number[]): Value {
  return key.builder.apply(randomBitsDefinition, [key], { shape })[0]!;
}
