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
      %1: f32[] = constant [0]
      %2: f32[] = constant [2]
      %3: bool[4] = constant [1, 1, 0, 0]
      %4: f32[4] = broadcast(%1) {shape: [4], dimensions: []}
      %5: f32[4] = select(%3, %x, %4)
      %6: f32[4] = broadcast(%2) {shape: [4], dimensions: []}
      %7: f32[4] = mul(%5, %6)
      return y = %7
    }"
  `);
});

test('large results are left to the device', () => {
  const builder = new ProgramBuilder('p');
  const y = add(iota(builder, [100], 0), 1);
  expect(
    foldConstants(builder.finish({ y }), { maxElements: 99 }).ops.map(({ definition }) => definition.name),
  ).toEqual(['iota', 'broadcast', 'add']);
  expect(foldConstants(builder.finish({ y })).ops).toEqual([]);
});
