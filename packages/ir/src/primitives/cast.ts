import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { fill } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectInputs } from '../shape.js';
import { type DType, hostTensor, isFloat } from '../tensor.js';

export type CastAttributes = { readonly dtype: DType };

/** Converts elements: floats to integers by truncation, anything to bool by `!= 0`. */
export const castDefinition = definePrimitive<'cast', CastAttributes>({
  name: 'cast',
  infer(inputs, { dtype }) {
    expectInputs('cast', inputs, 1);
    return [{ shape: inputs[0]!.shape, dtype }];
  },
  vjp({ inputs, attributes: { dtype }, cotangents: [cotangent] }) {
    const from = inputs[0]!.type.dtype;
    return [cotangent && isFloat(from) && isFloat(dtype) ? cast(cotangent, from) : undefined];
  },
  reference: ([x], { dtype }, [type]) => [
    fill(type!, (index) => {
      const value = x!.data[index]!;
      if (dtype === 'bool') return value === 0 ? 0 : 1;
      return isFloat(dtype) ? value : Math.trunc(value);
    }),
  ],
});

export const castSamples = () =>
  samplesOf<CastAttributes>(
    { name: 'f32 to i32', inputs: [hostTensor([4], [1.7, -1.7, 0, 3])], attributes: { dtype: 'i32' }, smooth: false },
    { name: 'i32 to f32', inputs: [hostTensor([3], [1, -2, 3], 'i32')], attributes: { dtype: 'f32' } },
    { name: 'bool to f32', inputs: [hostTensor([2], [0, 1], 'bool')], attributes: { dtype: 'f32' } },
    { name: 'i32 to bool', inputs: [hostTensor([3], [0, 2, -1], 'i32')], attributes: { dtype: 'bool' } },
    { name: 'u32 to i32', inputs: [hostTensor([2], [0, 7], 'u32')], attributes: { dtype: 'i32' } },
    { name: 'i32 to u32', inputs: [hostTensor([2], [0, 7], 'i32')], attributes: { dtype: 'u32' } },
    { name: 'u32 to f32', inputs: [hostTensor([2], [0, 70000], 'u32')], attributes: { dtype: 'f32' } },
  );

/** x in another dtype; x itself where it has it. */
export function cast(x: Value, dtype: DType): Value {
  return x.type.dtype === dtype ? x : x.builder.apply(castDefinition, [x], { dtype })[0]!;
}
