import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { fill, stridedOffsets, stridesOf } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectAxes, expectInputs, shapeError } from '../shape.js';
import { sameShape } from '../tensor.js';
import { reduceSum } from './reduce-sum.js';
import { reshape } from './reshape.js';

export type BroadcastAttributes = {
  readonly shape: readonly number[];
  /** Operand axis i becomes result axis `dimensions[i]`; ascending. */
  readonly dimensions: readonly number[];
};

/** StableHLO's broadcast_in_dim: operand axes of size 1, and result axes not named in `dimensions`, are repeated. */
export const broadcastDefinition = definePrimitive<'broadcast', BroadcastAttributes>({
  name: 'broadcast',
  infer(inputs, { shape, dimensions }) {
    expectInputs('broadcast', inputs, 1);
    const operand = inputs[0]!;
    expectAxes('broadcast', dimensions, shape.length, inputs);
    const fits =
      dimensions.length === operand.shape.length &&
      operand.shape.every((size, axis) => size === 1 || size === shape[dimensions[axis]!]);
    if (!fits) throw shapeError('broadcast', `does not fit [${shape}] by dimensions [${dimensions}]`, inputs);
    return [{ shape, dtype: operand.dtype }];
  },
  vjp({ inputs, attributes: { shape, dimensions }, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined];
    const operand = inputs[0]!.type.shape;
    const repeated = shape.flatMap((size, axis) => {
      const source = dimensions.indexOf(axis);
      return source < 0 || (operand[source] === 1 && size !== 1) ? [axis] : [];
    });
    return [reshape(reduceSum(cotangent, repeated), operand)];
  },
  reference([x], { shape, dimensions }, [type]) {
    const operandStrides = stridesOf(x!.type.shape);
    const strides = new Array<number>(shape.length).fill(0);
    for (const [axis, target] of dimensions.entries()) {
      strides[target] = x!.type.shape[axis] === 1 ? 0 : operandStrides[axis]!;
    }
    const offsets = stridedOffsets(shape, strides);
    return [fill(type!, (index) => x!.data[offsets[index]!]!)];
  },
});

export const broadcastSamples = () =>
  samplesOf<BroadcastAttributes>(
    { inputs: [[]], attributes: { shape: [2, 3], dimensions: [] } },
    { inputs: [[3]], attributes: { shape: [2, 3], dimensions: [1] } },
    { inputs: [[2]], attributes: { shape: [2, 3], dimensions: [0] } },
    { inputs: [[2, 1]], attributes: { shape: [4, 2, 5], dimensions: [1, 2] } },
    { inputs: [[1]], attributes: { shape: [1], dimensions: [0] } },
  );

export function broadcast(x: Value, shape: readonly number[], dimensions: readonly number[]): Value {
  return x.builder.apply(broadcastDefinition, [x], { shape, dimensions })[0]!;
}

/** NumPy broadcasting of x to `shape`: trailing axes are aligned. x itself where nothing changes. */
export function broadcastTo(x: Value, shape: readonly number[]): Value {
  if (sameShape(x.type.shape, shape)) return x;
  const offset = shape.length - x.type.shape.length;
  return broadcast(
    x,
    shape,
    x.type.shape.map((_, axis) => axis + offset),
  );
}
