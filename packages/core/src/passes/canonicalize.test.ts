import {
  add,
  broadcast,
  broadcastTo,
  div,
  dotGeneral,
  dynamicSliceAxis,
  mul,
  neg,
  type Program,
  ProgramBuilder,
  pow,
  print,
  reduceSum,
  reshape,
  select,
  sub,
  tensorType,
  transpose,
  type Value,
} from '@attune/ir';
import { expect, test } from 'vitest';
import { canonicalize } from './canonicalize.js';
import { foldConstants } from './fold.js';

function programOf(shapes: Readonly<Record<string, readonly number[]>>, body: (...inputs: Value[]) => Value): Program {
  const builder = new ProgramBuilder('p');
  const inputs = Object.entries(shapes).map(([name, shape]) => builder.input(name, tensorType(shape)));
  return builder.finish({ y: body(...inputs) });
}

const dot = (a: Value, b: Value, lhsContract: number, rhsContract: number) =>
  dotGeneral(a, b, { lhsBatch: [], rhsBatch: [], lhsContract: [lhsContract], rhsContract: [rhsContract] });

test('neutral elements and double negation go', () => {
  const program = programOf({ x: [2, 3] }, (x) => pow(div(mul(add(neg(neg(x!)), 0), 1), 1), 1));
  expect(print(canonicalize(program))).toMatchInlineSnapshot(`
    "program "p" (x: f32[2,3]) {
      return y = %x
    }"
  `);
});

test('chains of layout ops become one', () => {
  const program = programOf({ x: [2, 3] }, (x) => {
    const there = transpose(reshape(reshape(x!, [6]), [3, 2]), [1, 0]);
    return broadcast(reshape(reduceSum(reduceSum(transpose(there, [1, 0]), [1]), [0]), [1, 1]), [4, 5], [0, 1]);
  });
  expect(print(canonicalize(program))).toMatchInlineSnapshot(`
    "program "p" (x: f32[2,3]) {
      %1: f32[3,2] = reshape(%x) {shape: [3,2]}
      %2: f32[] = reduce_sum(%1) {axes: [0,1]}
      %3: f32[4,5] = broadcast(%2) {shape: [4,5], dimensions: []}
      return y = %3
    }"
  `);
});

test('products take transposes in, and turn round instead of being transposed', () => {
  const program = programOf({ x: [4, 8], w: [5, 8] }, (x, w) =>
    transpose(dot(x!, transpose(w!, [1, 0]), 1, 0), [1, 0]),
  );
  expect(print(canonicalize(program))).toMatchInlineSnapshot(`
    "program "p" (x: f32[4,8], w: f32[5,8]) {
      %2: f32[5,4] = dot_general(%w, %x) {lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1]}
      return y = %2
    }"
  `);
});

test('a transpose that would reorder free axes stays', () => {
  const program = programOf({ x: [2, 3, 4], w: [4, 5] }, (x, w) => dot(transpose(x!, [1, 0, 2]), w!, 2, 0));
  expect(print(canonicalize(program))).toMatchInlineSnapshot(`
    "program "p" (x: f32[2,3,4], w: f32[4,5]) {
      %2: f32[3,2,4] = transpose(%x) {permutation: [1,0,2]}
      %3: f32[3,2,5] = dot_general(%2, %w) {lhsBatch: [], rhsBatch: [], lhsContract: [2], rhsContract: [0]}
      return y = %3
    }"
  `);
});

test('scalar factors are joined and moved to the smaller operand', () => {
  const program = programOf({ q: [16, 4], k: [16, 4], s: [] }, (q, k, s) => mul(mul(dot(q!, k!, 1, 1), 0.5), s!));
  expect(print(canonicalize(program))).toMatchInlineSnapshot(`
    "program "p" (q: f32[16,4], k: f32[16,4], s: f32[]) {
      %3: f32[] = constant [0.5]
      %4: f32[] = mul(%3, %s)
      %5: f32[16,4] = broadcast(%4) {shape: [16,4], dimensions: []}
      %6: f32[16,4] = mul(%q, %5)
      %7: f32[16,16] = dot_general(%6, %k) {lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1]}
      return y = %7
    }"
  `);
});

test('a product with other uses keeps its factor outside', () => {
  const program = programOf({ q: [16, 4], k: [16, 4] }, (q, k) => {
    const scores = dot(q!, k!, 1, 1);
    return add(mul(scores, 0.5), scores);
  });
  expect(print(canonicalize(program))).toMatchInlineSnapshot(`
    "program "p" (q: f32[16,4], k: f32[16,4]) {
      %2: f32[] = constant [0.5]
      %3: f32[16,16] = dot_general(%q, %k) {lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1]}
      %4: f32[16,16] = broadcast(%2) {shape: [16,16], dimensions: []}
      %5: f32[16,16] = mul(%3, %4)
      %6: f32[16,16] = add(%5, %3)
      return y = %6
    }"
  `);
});

test('subtraction takes negation in, known choices are made, squares are products', () => {
  const program = programOf({ x: [2], y: [2] }, (x, y) => {
    const never = broadcastTo(x!.builder.scalar(0, 'bool'), [2]);
    return select(never, x!, sub(add(pow(x!, 2), neg(y!)), neg(x!)));
  });
  expect(print(canonicalize(program))).toMatchInlineSnapshot(`
    "program "p" (x: f32[2], y: f32[2]) {
      %2: f32[2] = mul(%x, %x)
      %3: f32[2] = sub(%2, %y)
      %4: f32[2] = add(%3, %x)
      return y = %4
    }"
  `);
});

test('a part from a known start is a slice, clamped', () => {
  const program = programOf({ x: [2, 5] }, (x) => dynamicSliceAxis(x!, 1, 9, 3));
  expect(print(canonicalize(program))).toMatchInlineSnapshot(`
    "program "p" (x: f32[2,5]) {
      %1: f32[2,3] = slice(%x) {start: [0,2], limit: [2,5], strides: [1,1]}
      return y = %1
    }"
  `);
});

test('a product of many numbers comes to an end', () => {
  const program = programOf({ x: [2] }, (x) => mul(mul(mul(mul(x!, 2), 0.5), 2), 0.5));
  expect(print(foldConstants(canonicalize(program)))).toMatchInlineSnapshot(`
    "program "p" (x: f32[2]) {
      %1: f32[] = constant [1]
      %2: f32[2] = broadcast(%1) {shape: [2], dimensions: []}
      %3: f32[2] = mul(%x, %2)
      return y = %3
    }"
  `);
});
