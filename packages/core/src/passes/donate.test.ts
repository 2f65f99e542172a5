import { add, mul, ProgramBuilder, tensorType, verify } from '@attune/ir';
import { expect, test } from 'vitest';
import { donate } from './donate.js';

function program() {
  const builder = new ProgramBuilder('p');
  const [a, b, c] = ['a', 'b', 'c'].map((name, index) => builder.input(name, tensorType(index < 2 ? [4] : [2])));
  return builder.finish({ sum: add(a!, b!), b: mul(b!, 2), c: c! });
}

test('an input goes to the output of its name, else to one of its type', () => {
  expect(verify(donate(program(), ['a', 'b'])).aliases).toEqual([
    { input: 1, output: 1 },
    { input: 0, output: 0 },
  ]);
});

test('an input that is handed out itself keeps its storage for that output', () => {
  expect(verify(donate(program(), ['c'])).aliases).toEqual([{ input: 2, output: 2 }]);
});

test('aliases are verified', () => {
  expect(() => donate({ ...program(), aliases: [{ input: 2, output: 0 }] })).toThrow(
    expect.objectContaining({
      code: 'E_PROGRAM',
      message: 'Program "p": output "sum" (f32[4]) cannot take over input "c" (f32[2]).',
    }),
  );
  expect(() => donate(program(), ['d'])).toThrow(expect.objectContaining({ code: 'E_PROGRAM', field: 'd' }));
});
