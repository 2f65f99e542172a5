import { add, broadcastTo, iota, less, mul, ProgramBuilder, print, select, sqrt, tensorType } from '@attune/ir';
import { expect, test } from 'vitest';
import { foldConstants } from './fold.js';

test('ops of constants are computed, repetitions stay', () => {
  const builder = new ProgramBuilder('p');
  const x = builder.input('x', tensorType([4]));
  const factor = sqrt(add(builder.scalar(3), 1));
  const mask = less(iota(builder, [4], 0), 2);
  const y = mul(select(mask, x, broadcastTo(builder.scalar(0), [4])), broadcastTo(factor, [4]));
  expect(print(foldConstants(builder.finish({ y })))).toMatchInlineSnapshot(`
    "program "p" (x: f32[4]) {
      %1: i32[] = constant [2]
      %2: f32[] = constant [0]
      %3: f32[] = constant [2]
      %4: i32[4] = constant [0, 1, 2, 3]
      %5: i32[4] = broadcast(%1) {shape: [4], dimensions: []}
      %6: bool[4] = compare(%4, %5) {direction: "lt"}
      %7: f32[4] = broadcast(%2) {shape: [4], dimensions: []}
      %8: f32[4] = select(%6, %x, %7)
      %9: f32[4] = broadcast(%3) {shape: [4], dimensions: []}
      %10: f32[4] = mul(%8, %9)
      return y = %10
    }"
  `);
});

test('large results are left to the device', () => {
  const builder = new ProgramBuilder('p');
  const y = add(iota(builder, [100], 0), 1);
  expect(
    foldConstants(builder.finish({ y }), { maxElements: 99 }).ops.map(({ definition }) => definition.name),
  ).toEqual(['iota', 'broadcast', 'add']);
  expect(foldConstants(builder.finish({ y })).ops).toEqual([
    expect.objectContaining({ definition: expect.objectContaining({ name: 'broadcast' }) }),
    expect.objectContaining({ definition: expect.objectContaining({ name: 'add' }) }),
  ]);
});
