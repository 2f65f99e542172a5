/** The template of the bitwise and logical primitives, which have no gradient. */
import { definePrimitive, type PrimitiveDefinition } from '../definition.js';
import { fill } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectDType, expectInputs, expectSameTypes } from '../shape.js';
import { type DType, hostTensor } from '../tensor.js';
import type { NoAttributes } from './elementwise.js';

/** An operation on bits: on bool (unless it is a shift) and u32. */
export function bitwise<const Name extends string>(
  name: Name,
  apply: (a: number, b: number) => number,
  { shift = false }: { readonly shift?: boolean } = {},
): PrimitiveDefinition<Name, NoAttributes> {
  const dtypes: readonly DType[] = shift ? ['u32'] : ['u32', 'bool'];
  return definePrimitive<Name, NoAttributes>({
    name,
    infer(inputs) {
      expectInputs(name, inputs, 2);
      expectDType(name, inputs[0]!, dtypes, inputs);
      return [expectSameTypes(name, inputs)];
    },
    vjp: () => [undefined, undefined],
    reference: ([a, b], _, [type]) => [fill(type!, (index) => apply(a!.data[index]!, b!.data[index]!))],
  });
}

const words = () => hostTensor([4], [0, 1, 0xdeadbeef, 0xffffffff], 'u32');

/** Of the shifts. */
export const shiftSamples = () =>
  samplesOf<NoAttributes>({ name: 'u32', inputs: [words(), hostTensor([4], [0, 5, 13, 31], 'u32')] });

/** Of the operations that take flags too. */
export const bitwiseSamples = () => [
  ...shiftSamples(),
  ...samplesOf<NoAttributes>({
    name: 'bool',
    inputs: [hostTensor([4], [0, 0, 1, 1], 'bool'), hostTensor([4], [0, 1, 0, 1], 'bool')],
  }),
];
