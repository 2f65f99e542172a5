import { hostTensor, interpret, tensorType, verify } from '@attune/ir';
import { expect, test } from 'vitest';
import { averageStep } from './ema.js';

test('averages take over their storage and start with a copy', () => {
  const program = verify(averageStep([{ name: 'w', type: tensorType([2]) }], { kind: 'swa' }));
  expect(program.aliases).toEqual([{ input: 0, output: 0 }]);
  let average = hostTensor([2], [0, 0]);
  for (const [count, weights] of [
    [1, 2],
    [3, 6],
    [5, 10],
  ].entries()) {
    average = interpret(program, [average, hostTensor([2], weights), hostTensor([], [count])])[0]!;
  }
  expect([...average.data]).toEqual([3, 6]);
});

test('wrong options', () => {
  const options: object = { decays: 0.9 };
  expect(() => averageStep([], options)).toThrow(expect.objectContaining({ code: 'E_CONFIG', field: 'decays' }));
});
