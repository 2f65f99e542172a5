import type { ProgramBuilder, Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { aroundAxis, fill } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectInputs } from '../shape.js';
import type { DType } from '../tensor.js';

export type IotaAttributes = { readonly shape: readonly number[]; readonly axis: number; readonly dtype: DType };

/** 0, 1, 2, … along an axis, repeated along the others. */
export const iotaDefinition = definePrimitive<'iota', IotaAttributes>({
  name: 'iota',
  infer(inputs, { shape, dtype }) {
    expectInputs('iota', inputs, 0);
    return [{ shape, dtype }];
  },
  vjp: () => [],
  reference(_, { shape, axis }, [type]) {
    const [, size, inner] = aroundAxis(shape, axis);
    return [fill(type!, (index) => Math.floor(index / inner) % size)];
  },
});

export const iotaSamples = () =>
  samplesOf<IotaAttributes>(
    { name: 'i32', inputs: [], attributes: { shape: [2, 3], axis: 1, dtype: 'i32' } },
    { name: 'f32', inputs: [], attributes: { shape: [4], axis: 0, dtype: 'f32' } },
    { name: 'u32', inputs: [], attributes: { shape: [3, 2], axis: 0, dtype: 'u32' } },
  );

export function iota(builder: ProgramBuilder, shape: readonly number[], axis: number, dtype: DType = 'i32'): Value {
  return builder.apply(iotaDefinition, [], { shape, axis, dtype })[0]!;
}
