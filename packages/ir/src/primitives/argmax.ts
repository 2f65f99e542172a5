import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { aroundAxis, fill } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectInputs, normalizeAxis, shapeError } from '../shape.js';
import { hostTensor } from '../tensor.js';

export type ArgmaxAttributes = { readonly axis: number };

/** The i32 index of the first largest element along an axis, which is dropped. */
export const argmaxDefinition = definePrimitive<'argmax', ArgmaxAttributes>({
  name: 'argmax',
  infer(inputs, { axis }) {
    expectInputs('argmax', inputs, 1);
    const { shape } = inputs[0]!;
    if (!(shape[axis]! > 0)) throw shapeError('argmax', `axis ${axis} must exist and not be empty`, inputs);
    return [{ shape: shape.filter((_, index) => index !== axis), dtype: 'i32' }];
  },
  vjp: () => [undefined],
  reference([x], { axis }, [type]) {
    const [, size, inner] = aroundAxis(x!.type.shape, axis);
    return [
      fill(type!, (index) => {
        const start = Math.floor(index / inner) * size * inner + (index % inner);
        let best = 0;
        for (let position = 1; position < size; position++) {
          if (x!.data[start + position * inner]! > x!.data[start + best * inner]!) best = position;
        }
        return best;
      }),
    ];
  },
});

export const argmaxSamples = () =>
  samplesOf<ArgmaxAttributes>(
    { inputs: [[3, 4]], attributes: { axis: 1 } },
    { inputs: [[3, 4, 2]], attributes: { axis: 1 } },
    { name: 'ties', inputs: [hostTensor([4], [1, 3, 3, 0])], attributes: { axis: 0 } },
  );

export function argmax(x: Value, axis = -1): Value {
  return x.builder.apply(argmaxDefinition, [x], { axis: normalizeAxis(axis, x.type.shape.length) })[0]!;
}
