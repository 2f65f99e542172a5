import { definePrimitive } from '../definition.js';
import { fill } from '../reference.js';
import { samplesOf } from '../samples.js';
import { expectInputs, expectSameTypes } from '../shape.js';
import { hostTensor } from '../tensor.js';
import { type BinaryFunction, binaryFunction } from './elementwise.js';

export type Direction = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
export type CompareAttributes = { readonly direction: Direction };

const compareNumbers: Readonly<Record<Direction, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};

/** Compares elementwise; the result is bool. Comparisons with NaN are false, `ne` is true. */
export const compareDefinition = definePrimitive<'compare', CompareAttributes>({
  name: 'compare',
  infer(inputs) {
    expectInputs('compare', inputs, 2);
    return [{ shape: expectSameTypes('compare', inputs).shape, dtype: 'bool' }];
  },
  vjp: () => [undefined, undefined],
  reference([a, b], { direction }, [type]) {
    const compare = compareNumbers[direction];
    return [fill(type!, (index) => (compare(a!.data[index]!, b!.data[index]!) ? 1 : 0))];
  },
});

export const compareSamples = () =>
  (['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const).flatMap((direction) =>
    samplesOf<CompareAttributes>({
      name: direction,
      inputs: [hostTensor([4], [0, 1, 2, -1]), hostTensor([4], [0, 2, 1, -1])],
      attributes: { direction },
    }),
  );

export const equal: BinaryFunction = binaryFunction(compareDefinition, { direction: 'eq' });
export const notEqual: BinaryFunction = binaryFunction(compareDefinition, { direction: 'ne' });
export const less: BinaryFunction = binaryFunction(compareDefinition, { direction: 'lt' });
export const lessEqual: BinaryFunction = binaryFunction(compareDefinition, { direction: 'le' });
export const greater: BinaryFunction = binaryFunction(compareDefinition, { direction: 'gt' });
export const greaterEqual: BinaryFunction = binaryFunction(compareDefinition, { direction: 'ge' });
