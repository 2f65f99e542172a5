/** Templates of the elementwise primitives: strict (one type for all inputs), with numpy broadcasting in the op function. */
import type { Value } from '../builder.js';
import { definePrimitive, type PrimitiveDefinition } from '../definition.js';
import type { Attributes } from '../program.js';
import { fill } from '../reference.js';
import { samplesOf } from '../samples.js';
import { broadcastShapes, expectFloat, expectInputs, expectSameTypes } from '../shape.js';
import type { TensorType } from '../tensor.js';
import { broadcastTo } from './broadcast.js';

export type NoAttributes = Readonly<Record<string, never>>;

interface UnaryOptions {
  readonly apply: (x: number) => number;
  /** The input's cotangent from the output's. */
  readonly vjp: (cotangent: Value, x: Value, y: Value) => Value | undefined;
  readonly result?: (input: TensorType) => TensorType;
  /** Whether integers are allowed; floating only by default. */
  readonly integers?: boolean;
}

/** A float-to-float function of one argument, unless `result` and `integers` say otherwise. */
export function unary<const Name extends string>(
  name: Name,
  options: UnaryOptions,
): PrimitiveDefinition<Name, NoAttributes> {
  return definePrimitive<Name, NoAttributes>({
    name,
    infer(inputs) {
      expectInputs(name, inputs, 1);
      if (!options.integers) expectFloat(name, inputs);
      return [options.result?.(inputs[0]!) ?? inputs[0]!];
    },
    vjp: ({ inputs, outputs, cotangents }) => [cotangents[0] && options.vjp(cotangents[0], inputs[0]!, outputs[0]!)],
    reference: ([x], _, [type]) => [fill(type!, (index) => options.apply(x!.data[index]!))],
  });
}

/** Of unary primitives that take any number. */
export const unarySamples = () => samplesOf<NoAttributes>({ inputs: [[2, 3]] }, { inputs: [[]] }, { inputs: [[7]] });

interface BinaryOptions {
  readonly apply: (a: number, b: number) => number;
  readonly vjp: (cotangent: Value, a: Value, b: Value, y: Value) => readonly (Value | undefined)[];
}

/** A function of two tensors of one type. */
export function binary<const Name extends string>(
  name: Name,
  options: BinaryOptions,
): PrimitiveDefinition<Name, NoAttributes> {
  return definePrimitive<Name, NoAttributes>({
    name,
    infer(inputs) {
      expectInputs(name, inputs, 2);
      return [expectSameTypes(name, inputs)];
    },
    vjp: ({ inputs, outputs, cotangents }) =>
      cotangents[0] ? options.vjp(cotangents[0], inputs[0]!, inputs[1]!, outputs[0]!) : [undefined, undefined],
    reference: ([a, b], _, [type]) => [fill(type!, (index) => options.apply(a!.data[index]!, b!.data[index]!))],
  });
}

/** Of binary primitives that take any numbers. */
export const binarySamples = () =>
  samplesOf<NoAttributes>(
    {
      inputs: [
        [2, 3],
        [2, 3],
      ],
    },
    { inputs: [[], []] },
    { inputs: [[5], [5]] },
  );

export type UnaryFunction = (x: Value) => Value;
export type BinaryFunction = (a: Value | number, b: Value | number) => Value;

/** The function on values of a unary primitive. */
export function unaryFunction(definition: PrimitiveDefinition<string, NoAttributes>): UnaryFunction {
  return (x) => x.builder.apply(definition, [x], {})[0]!;
}

/** The function on values of a binary primitive: broadcasts, and takes a number for either side. */
export function binaryFunction<A extends Attributes>(
  definition: PrimitiveDefinition<string, A>,
  attributes: A,
): BinaryFunction {
  return (a, b) => {
    const [left, right] = broadcastOperands(definition.name, a, b);
    return left.builder.apply(definition, [left, right], attributes)[0]!;
  };
}

/** Turns numbers into scalars of the other operand's dtype and broadcasts both to their common shape. */
function broadcastOperands(name: string, a: Value | number, b: Value | number): [Value, Value] {
  const [left, right] = typeof a === 'number' ? [literal(a, b), asValue(name, b)] : [a, literal(b, a)];
  const shape = broadcastShapes(name, [left.type, right.type]);
  return [broadcastTo(left, shape), broadcastTo(right, shape)];
}

/** A number as a scalar of the dtype of `like`; a value unchanged. */
export function literal(x: Value | number, like: Value | number): Value {
  if (typeof x !== 'number') return x;
  const { builder, type } = asValue('literal', like);
  if (type.dtype === 'f16' || type.dtype === 'bf16') {
    throw new TypeError(`A number next to ${type.dtype} needs an explicit cast.`);
  }
  return builder.scalar(x, type.dtype);
}

function asValue(name: string, x: Value | number): Value {
  if (typeof x === 'number') throw new TypeError(`${name} needs at least one value among its operands.`);
  return x;
}
