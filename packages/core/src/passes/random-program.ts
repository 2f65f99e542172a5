/** Random small programs with gradients, for tests of passes. */
import {
  abs,
  add,
  broadcast,
  broadcastTo,
  cast,
  concat,
  div,
  dotGeneral,
  dynamicSliceAxis,
  dynamicUpdateSliceAxis,
  exp,
  greater,
  type HostTensor,
  hostTensor,
  maximum,
  mul,
  neg,
  type Program,
  ProgramBuilder,
  pow,
  reduceMax,
  reduceSum,
  reshape,
  select,
  slice,
  softmax,
  stopGradient,
  sub,
  tanh,
  tensorType,
  transpose,
  type Value,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { grad } from '../autodiff.js';

/** Draws a whole number in [0, bound). */
type Draw = (bound: number) => number;

const SHAPES = [
  [2, 3],
  [3, 2],
  [2, 1, 3],
] as const;

const contract = (lhs: Value, rhs: Value) =>
  dotGeneral(lhs, rhs, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });

/** Ways to make a matrix of [2, 3] from two others; bounded, so that long chains stay finite. */
const matrixOps: readonly ((x: Value, y: Value, draw: Draw) => Value)[] = [
  (x, y) => add(x, y),
  (x, y) => sub(x, neg(y)),
  (x, y) => tanh(mul(x, y)),
  (x, _, draw) => mul(mul(x, draw(3)), 0.5),
  (x) => add(mul(x, 1), 0),
  (x) => div(pow(tanh(x), 2), 1),
  (x, y) => select(greater(x, y), x, exp(neg(abs(y)))),
  (x, y) => maximum(x, y),
  (x) => softmax(x, 1),
  (x) => transpose(transpose(x, [1, 0]), [1, 0]),
  (x, y) => tanh(transpose(contract(transpose(x, [1, 0]), contract(y, transpose(x, [1, 0]))), [1, 0])),
  (x, y) => mul(contract(contract(x, transpose(y, [1, 0])), y), 0.25),
  (x) => reshape(reshape(x, [3, 2]), [2, 3]),
  (x) => broadcast(reshape(reduceSum(x, [0]), [1, 3]), [2, 3], [0, 1]),
  (x, y) => broadcastTo(mul(reduceMax(x, [0, 1]), reduceSum(reduceSum(y, [1]), [0])), [2, 3]),
  (x, y) => slice(concat([x, y], 0), [1, 0], [3, 3]),
  (x) => sub(x, broadcastTo(reshape(reduceSum(reshape(x, [2, 1, 3]), [1, 2]), [2, 1]), [2, 3])),
  (x, y, draw) => dynamicUpdateSliceAxis(x, dynamicSliceAxis(y, 1, draw(4) - 1, 2), 1, draw(4) - 1),
  (x, y) => dynamicUpdateSliceAxis(x, slice(y, [0, 1], [2, 2]), 1, reduceSum(cast(greater(x, y), 'i32'), [0, 1])),
  (x, y) => add(stopGradient(x), y),
];

/** The loss of a random program and its gradients by both inputs, `a` and `b`. */
export function randomGradients(draw: Draw, operations: number): Program {
  const builder = new ProgramBuilder('random');
  const values = ['a', 'b'].map((name) => builder.input(name, tensorType([2, 3])));
  const pick = () => values[draw(values.length)]!;
  for (let count = 0; count < operations; count++)
    values.push(matrixOps[draw(matrixOps.length)]!(pick(), pick(), draw));
  const last = tanh(values.at(-1)!);
  const reshaped = reshape(last, SHAPES[draw(SHAPES.length)]!);
  const all = reshaped.type.shape.map((_, axis) => axis);
  const both = mul(reduceSum(mul(values[0]!, values[1]!), [0, 1]), 0.1);
  return grad(builder.finish({ loss: add(reduceSum(reshaped, all), both) }), { wrt: ['a', 'b'] });
}

export const randomInputs = (seed: number): HostTensor[] => [
  uniform([2, 3], [-1, 1], seed + 1),
  hostTensor([2, 3], uniform([2, 3], [0.25, 1.25], seed + 2).data),
];
