/** Random words and masks, each in one pass over a typed array: a dozen kernels on words are slower on every flavour. */
import { type DropoutAttributes, elementCount, type HostTensor, type RandomBitsAttributes } from '@attune/ir';
import { mixWord } from '@attune/ir/internal';
import type { Emit } from './emitter.js';
import { maskAndScale } from './select.js';

export const emitRandomBits: Emit<RandomBitsAttributes> = (lowering, op, { shape }) => {
  const type = { shape, dtype: 'u32' } as const;
  const key = lowering.onHost(op.inputs[0]!);
  const words = lowering.plan.host('random_bits', [key], [type], ([tensor]) => {
    const data = new Uint32Array(elementCount(shape));
    const [first, second] = keyOf(tensor!);
    for (let index = 0; index < data.length; index++) data[index] = mixWord(mixWord(index ^ first) ^ second);
    return [{ type, data }];
  });
  lowering.hold(op.outputs[0]!, words[0]!);
};

/** The mask as ir's `dropoutMask` defines it, without the words that it is made of. */
export const emitDropout: Emit<DropoutAttributes> = (lowering, op, attributes) => {
  const [x, mask] = op.outputs;
  const { shape } = lowering.type(mask!);
  const type = { shape, dtype: 'bool' } as const;
  const key = lowering.onHost(op.inputs[1]!);
  const masks = lowering.plan.host('dropout_mask', [key], [type], ([tensor]) => [
    { type, data: dropoutMask(keyOf(tensor!), elementCount(shape), attributes) },
  ]);
  lowering.hold(mask!, masks[0]!);
  lowering.hold(x!, maskAndScale(lowering, op.inputs[0]!, mask!, 1 / (1 - attributes.rate)));
};

/** Element i takes the low half of word i, element i + h the high half of it, where h is half the elements. */
function dropoutMask(
  [first, second]: readonly [number, number],
  count: number,
  { rate, site }: DropoutAttributes,
): Uint8Array {
  const mask = new Uint8Array(count);
  const threshold = Math.round(rate * 2 ** 16);
  const half = Math.ceil(count / 2);
  const [own, other] = [first ^ site, second ^ 0x9e3779b9];
  for (let index = 0; index < half; index++) {
    const word = mixWord(mixWord(index ^ own) ^ other);
    mask[index] = (word & 0xffff) >= threshold ? 1 : 0;
    // Beyond the end where the count is odd: a typed array ignores it.
    mask[index + half] = word >>> 16 >= threshold ? 1 : 0;
  }
  return mask;
}

const keyOf = ({ data }: HostTensor): readonly [number, number] => [data[0]!, data[1]!];
