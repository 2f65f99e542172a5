import {
  add,
  broadcastTo,
  dropout,
  dynamicSliceAxis,
  dynamicUpdateSliceAxis,
  mul,
  ProgramBuilder,
  project,
  reshape,
  scatterAdd,
  select,
  softmax,
  stopGradient,
  tensorType,
  transpose,
} from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { printPlan } from '../testing/print-plan.js';
import { lower } from './lower.js';

const plain = { native: false, extremesDropNaN: false };
const native = { native: true, extremesDropNaN: false };

describe('lower', () => {
  it('multiplies without transposing, and broadcasts a bias for nothing', () => {
    const builder = new ProgramBuilder('layer');
    const x = builder.input('x', tensorType([2, 3, 4]));
    const y = add(project(x, builder.input('w', tensorType([5, 4]))), builder.input('b', tensorType([5])));
    expect(printPlan(lower(builder.finish({ y: softmax(y) }), plain))).toMatchInlineSnapshot(`
      "plan (%0: f32[2,3,4], %1: f32[5,4], %2: f32[5]) {
        %3: f32[6,4] = Reshape(%0) {shape: [6,4]}
        %4: f32[6,5] = BatchMatMul(%3, %1) {transposeA: false, transposeB: true}
        %5: f32[2,3,5] = Reshape(%4) {shape: [2,3,5]}
        %6: f32[2,3,5] = Add(%5, %2)
        %7: f32[2,3,5] = Softmax(%6) {dim: 2}
        return %7
      }"
    `);
  });

  it('sums rows into nothing, not into a tensor of zeros', () => {
    const builder = new ProgramBuilder('embedding gradient');
    const zero = broadcastTo(builder.scalar(0), [9, 2]);
    const y = scatterAdd(zero, builder.input('ids', tensorType([3], 'i32')), builder.input('g', tensorType([3, 2])));
    expect(printPlan(lower(builder.finish({ y }), plain))).toMatchInlineSnapshot(`
      "plan (%0: i32[3], %1: f32[3,2]) {
        %5: i32[3,1] = Reshape(%0) {shape: [3,1]}
        %6: f32[9,2] = ScatterNd(%5, %1) {shape: [9,2]}
        return %6
      }"
    `);
  });

  it('makes masks on the host', () => {
    const builder = new ProgramBuilder('dropout');
    const y = dropout(builder.input('x', tensorType([4])), builder.input('key', tensorType([2], 'u32')), {
      rate: 0.5,
      site: 1,
    });
    expect(printPlan(lower(builder.finish({ y }), plain))).toMatchInlineSnapshot(`
      "plan (%0: f32[4], %1: u32[2]) {
        %3: f32[] = constant [2]
        %6: f32[] = constant [0]
        %2: bool[4] = host:dropout_mask(%1)
        %4: f32[4] = Multiply(%0, %3)
        %5: bool[4] = upload(%2)
        %7: f32[1] = Reshape(%6) {shape: [1]}
        %8: f32[4] = Tile(%7) {reps: [4]}
        %9: f32[4] = Select(%5, %4, %8)
        return %9
      }"
    `);
  });

  it('lets native TensorFlow broadcast', () => {
    const builder = new ProgramBuilder('masked');
    const mask = builder.input('mask', tensorType([2, 1], 'bool'));
    const x = builder.input('x', tensorType([2, 3]));
    const y = select(broadcastTo(mask, [2, 3]), x, 0);
    expect(printPlan(lower(builder.finish({ y }), native))).toMatchInlineSnapshot(`
      "plan (%0: bool[2,1], %1: f32[2,3]) {
        %2: f32[] = constant [0]
        %3: f32[2,3] = tensorflow:SelectV2(%0, %1, %2) {T: "float32"}
        return %3
      }"
    `);
    expect(printPlan(lower(builder.finish({ y }), plain))).toMatchInlineSnapshot(`
      "plan (%0: bool[2,1], %1: f32[2,3]) {
        %2: f32[] = constant [0]
        %3: bool[2,3] = Tile(%0) {reps: [1,3]}
        %4: f32[1,1] = Reshape(%2) {shape: [1,1]}
        %5: f32[2,3] = Tile(%4) {reps: [2,3]}
        %6: f32[2,3] = Select(%3, %1, %5)
        return %6
      }"
    `);
  });

  it('reshapes where a transpose would move nothing', () => {
    const builder = new ProgramBuilder('axes');
    const x = builder.input('x', tensorType([2, 1, 3]));
    const y = mul(transpose(x, [1, 0, 2]), reshape(x, [1, 2, 3]));
    expect(printPlan(lower(builder.finish({ y }), plain))).toMatchInlineSnapshot(`
      "plan (%0: f32[2,1,3]) {
        %1: f32[1,2,3] = Reshape(%0) {shape: [1,2,3]}
        %2: f32[1,2,3] = Multiply(%1, %1)
        return %2
      }"
    `);
  });

  it('cuts and replaces parts by a start that is data', () => {
    const builder = new ProgramBuilder('cache');
    const cache = builder.input('cache', tensorType([2, 8, 3]));
    const position = builder.input('position', tensorType([], 'i32'));
    const row = builder.input('row', tensorType([2, 1, 3]));
    const updated = dynamicUpdateSliceAxis(cache, stopGradient(row), 1, position);
    const program = builder.finish({ updated, last: dynamicSliceAxis(updated, 1, position, 2) });
    expect(printPlan(lower(program, plain))).toMatchInlineSnapshot(`
      "plan (%0: f32[2,8,3], %1: i32[], %2: f32[2,1,3]) {
        %3: i32[] = constant [0]
        %5: i32[] = constant [7]
        %7: i32[8] = constant [0, 1, 2, 3, 4, 5, 6, 7]
        %18: i32[] = constant [6]
        %20: i32[2] = constant [0, 1]
        %4: i32[] = Maximum(%1, %3)
        %6: i32[] = Minimum(%4, %5)
        %8: i32[8] = Sub(%7, %6)
        %9: i32[8] = Maximum(%8, %3)
        %10: i32[8] = Minimum(%9, %3)
        %11: f32[2,8,3] = GatherV2(%2, %10) {axis: 1, batchDims: 0}
        %12: bool[8] = Equal(%8, %10)
        %14: bool[1,8,1] = Reshape(%12) {shape: [1,8,1]}
        %15: bool[2,8,3] = Tile(%14) {reps: [2,1,3]}
        %16: f32[2,8,3] = Select(%15, %11, %0)
        %17: i32[] = Maximum(%1, %3)
        %19: i32[] = Minimum(%17, %18)
        %21: i32[2] = Add(%19, %20)
        %22: f32[2,2,3] = GatherV2(%16, %21) {axis: 1, batchDims: 0}
        return %16, %22
      }"
    `);
  });
});
