import { add, hostTensor, interpret, ProgramBuilder, pad, print, tanh, tensorType } from '@attune/ir';
import { expect, test } from 'vitest';
import { eliminateCommonSubexpressions } from './common-subexpressions.js';

test('equal ops are computed once', () => {
  const builder = new ProgramBuilder('p');
  const x = builder.input('x', tensorType([2]));
  expect(print(eliminateCommonSubexpressions(builder.finish({ y: add(tanh(x), tanh(x)) })))).toMatchInlineSnapshot(`
    "program "p" (x: f32[2]) {
      %1: f32[2] = tanh(%x)
      %2: f32[2] = add(%1, %1)
      return y = %2
    }"
  `);
});

test('attributes that JSON cannot tell apart are different', () => {
  const builder = new ProgramBuilder('p');
  const x = builder.input('x', tensorType([1]));
  const padded = (value: number) => pad(x, { low: [1], high: [0], interior: [0], value });
  const program = builder.finish({ low: padded(-Infinity), high: padded(Infinity), nan: padded(Number.NaN) });
  const results = interpret(eliminateCommonSubexpressions(program), [hostTensor([1], [3])]);
  expect(results.map(({ data }) => [...data])).toEqual([
    [-Infinity, 3],
    [Infinity, 3],
    [Number.NaN, 3],
  ]);
});
