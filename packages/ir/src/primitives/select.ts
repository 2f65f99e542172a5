import type { Value } from '../builder.js';
import { definePrimitive } from '../definition.js';
import { fill } from '../reference.js';
import { samplesOf, uniform } from '../samples.js';
import { broadcastShapes, expectDType, expectInputs, shapeError } from '../shape.js';
import { hostTensor, sameShape, sameType } from '../tensor.js';
import { broadcastTo } from './broadcast.js';
import { literal, type NoAttributes } from './elementwise.js';

/** `predicate ? onTrue : onFalse`, elementwise on three tensors of one shape. */
export const selectDefinition = definePrimitive<'select', NoAttributes>({
  name: 'select',
  infer(inputs) {
    expectInputs('select', inputs, 3);
    const [predicate, onTrue, onFalse] = [inputs[0]!, inputs[1]!, inputs[2]!];
    expectDType('select', predicate, ['bool'], inputs);
    if (!sameType(onTrue, onFalse) || !sameShape(predicate.shape, onTrue.shape)) {
      throw shapeError('select', 'predicate and branches must have one shape, the branches one dtype', inputs);
    }
    return [onTrue];
  },
  vjp: ({ inputs: [predicate], cotangents: [cotangent] }) =>
    cotangent
      ? [undefined, select(predicate!, cotangent, 0), select(predicate!, 0, cotangent)]
      : [undefined, undefined, undefined],
  reference: ([predicate, onTrue, onFalse], _, [type]) => [
    fill(type!, (index) => (predicate!.data[index] ? onTrue : onFalse)!.data[index]!),
  ],
});

export const selectSamples = () =>
  samplesOf<NoAttributes>(
    { inputs: [hostTensor([2, 2], [0, 1, 1, 0], 'bool'), [2, 2], [2, 2]] },
    { inputs: [hostTensor([], [1], 'bool'), [], []] },
    { name: 'bools', inputs: [1, 2, 3].map((seed) => uniform([11], [0, 2], seed, 'bool')) },
  );

/** `predicate ? onTrue : onFalse`; the three are broadcast together, one branch may be a number. */
export function select(predicate: Value, onTrue: Value | number, onFalse: Value | number): Value {
  const left = literal(onTrue, onFalse);
  const right = literal(onFalse, onTrue);
  const shape = broadcastShapes('select', [predicate.type, left.type, right.type]);
  return predicate.builder.apply(
    selectDefinition,
    [broadcastTo(predicate, shape), broadcastTo(left, shape), broadcastTo(right, shape)],
    {},
  )[0]!;
}
