import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { referenceData, stridesOf, walk } from '../reference.js';
import { samplesOf, uniform } from '../samples.js';
import { expectInputs, shapeError } from '../shape.js';
import { elementCount } from '../tensor.js';
import { slice } from './slice.js';

export type PadAttributes = {
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Elements put between neighbours. */
  readonly interior: readonly number[];
  readonly value: number;
};

/** Constant padding before, behind and between the elements of each axis. */
export const padDefinition = definePrimitive<'pad', PadAttributes>({
  name: 'pad',
  infer(inputs, { low, high, interior }) {
    expectInputs('pad', inputs, 1);
    const { shape, dtype } = inputs[0]!;
    const valid = [low, high, interior].every(
      (amounts) => amounts.length === shape.length && amounts.every((amount) => amount >= 0),
    );
    if (!valid) throw shapeError('pad', 'amounts must be given for every axis and not be negative', inputs);
    return [
      {
        shape: shape.map((size, axis) => low[axis]! + high[axis]! + size + Math.max(size - 1, 0) * interior[axis]!),
        dtype,
      },
    ];
  },
  vjp({ inputs, outputs, attributes: { low, high, interior }, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined];
    const shape = outputs[0]!.type.shape;
    const limit = inputs[0]!.type.shape.map((size, axis) => (size === 0 ? low[axis]! : shape[axis]! - high[axis]!));
    return [
      slice(
        cotangent,
        low,
        limit,
        interior.map((between) => between + 1),
      ),
    ];
  },
  reference([x], { low, interior, value }, [type]) {
    const data = referenceData(type!.dtype, elementCount(type!.shape)).fill(value);
    const strides = stridesOf(type!.shape);
    walk(x!.type.shape, (flat, coordinates) => {
      let target = 0;
      for (let axis = 0; axis < strides.length; axis++) {
        target += (low[axis]! + coordinates[axis]! * (interior[axis]! + 1)) * strides[axis]!;
      }
      data[target] = x!.data[flat]!;
    });
    return [{ type: type!, data }];
  },
});

export const padSamples = () =>
  samplesOf<PadAttributes>(
    { inputs: [[2, 3]], attributes: { low: [1, 0], high: [0, 2], interior: [0, 0], value: 0 } },
    { inputs: [[3]], attributes: { low: [0], high: [1], interior: [2], value: 1.5 } },
    {
      name: 'bool',
      inputs: [uniform([9, 7], [0, 2], 1, 'bool')],
      attributes: { low: [1, 0], high: [0, 2], interior: [1, 0], value: 1 },
    },
  );

/** x with constant padding; x itself where there is none. */
export function pad(x: Value, attributes: PadAttributes): Value {
  const { low, high, interior } = attributes;
  const nothing = [...low, ...high, ...interior].every((amount) => amount === 0);
  return nothing ? x : x.builder.apply(padDefinition, [x], attributes)[0]!;
}
