import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { fill, stridedOffsets, stridesOf } from '../reference.js';
import { samplesOf, uniform } from '../samples.js';
import { expectInputs, shapeError } from '../shape.js';

export type TransposeAttributes = {
  /** Result axis i is operand axis `permutation[i]`. */
  readonly permutation: readonly number[];
};

/** Reorders the axes. */
export const transposeDefinition = definePrimitive<'transpose', TransposeAttributes>({
  name: 'transpose',
  infer(inputs, { permutation }) {
    expectInputs('transpose', inputs, 1);
    const { shape, dtype } = inputs[0]!;
    if (permutation.length !== shape.length || !shape.every((_, axis) => permutation.includes(axis))) {
      throw shapeError('transpose', `[${permutation}] is not a permutation of the axes`, inputs);
    }
    return [{ shape: permutation.map((axis) => shape[axis]!), dtype }];
  },
  vjp: ({ attributes: { permutation }, cotangents: [cotangent] }) => [
    cotangent &&
      transpose(
        cotangent,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
  ],
  reference([x], { permutation }, [type]) {
    const strides = stridesOf(x!.type.shape);
    const offsets = stridedOffsets(
      type!.shape,
      permutation.map((axis) => strides[axis]!),
    );
    return [fill(type!, (index) => x!.data[offsets[index]!]!)];
  },
});

export const transposeSamples = () =>
  samplesOf<TransposeAttributes>(
    { inputs: [[2, 3]], attributes: { permutation: [1, 0] } },
    { inputs: [[2, 3, 4, 5]], attributes: { permutation: [0, 2, 1, 3] } },
    { inputs: [[2, 3, 4]], attributes: { permutation: [2, 0, 1] } },
    { name: 'bool', inputs: [uniform([9, 7], [0, 2], 1, 'bool')], attributes: { permutation: [1, 0] } },
  );

/** x with its axes reordered; x itself where the order is its own. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  if (permutation.length === x.type.shape.length && permutation.every((axis, index) => axis === index)) return x;
  return x.builder.apply(transposeDefinition, [x], { permutation })[0]!;
}
