import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { samplesOf } from '../samples.js';
import { expectInputs, shapeError } from '../shape.js';
import { elementCount, sameShape } from '../tensor.js';

export type ReshapeAttributes = { readonly shape: readonly number[] };

/** The same elements in row-major order under another shape. */
export const reshapeDefinition = definePrimitive<'reshape', ReshapeAttributes>({
  name: 'reshape',
  infer(inputs, { shape }) {
    expectInputs('reshape', inputs, 1);
    if (elementCount(shape) !== elementCount(inputs[0]!.shape)) {
      throw shapeError('reshape', `cannot become [${shape}]`, inputs);
    }
    return [{ shape, dtype: inputs[0]!.dtype }];
  },
  vjp: ({ inputs, cotangents: [cotangent] }) => [cotangent && reshape(cotangent, inputs[0]!.type.shape)],
  reference: ([x], _, [type]) => [{ type: type!, data: x!.data }],
});

export const reshapeSamples = () =>
  samplesOf<ReshapeAttributes>(
    { inputs: [[2, 6]], attributes: { shape: [3, 4] } },
    { inputs: [[]], attributes: { shape: [1, 1] } },
    { inputs: [[0, 3]], attributes: { shape: [3, 0] } },
  );

/** x under another shape; one size may be -1 and is inferred. x itself where the shape is its own. */
export function reshape(x: Value, shape: readonly number[]): Value {
  const known = elementCount(shape.filter((size) => size !== -1));
  const target = shape.map((size) => (size === -1 ? elementCount(x.type.shape) / known : size));
  if (sameShape(target, x.type.shape)) return x;
  return x.builder.apply(reshapeDefinition, [x], { shape: target })[0]!;
}
