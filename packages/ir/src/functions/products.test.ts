import { describe, expect, it } from 'vitest';
import { einsum, hostTensor, interpret, ProgramBuilder } from '../index.js';

function contract(equation: string, shapeA: readonly number[], shapeB: readonly number[]) {
  const builder = new ProgramBuilder('einsum');
  const counting = (shape: readonly number[]) =>
    builder.constant(
      hostTensor(
        shape,
        Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, index) => index + 1),
      ),
    );
  const [y] = interpret(builder.finish({ y: einsum(equation, counting(shapeA), counting(shapeB)) }), []);
  return { shape: y!.type.shape, data: Array.from(y!.data) };
}

describe('einsum', () => {
  it('orders the output by its letters', () => {
    expect(contract('i,j->ji', [2], [3])).toEqual({ shape: [3, 2], data: [1, 2, 2, 4, 3, 6] });
  });

  it('contracts to a scalar', () => {
    expect(contract('i,i->', [3], [3])).toEqual({ shape: [], data: [14] });
  });

  it('sums a letter that one operand alone has', () => {
    expect(contract('bij,bk->bk', [2, 2, 2], [2, 1])).toEqual({ shape: [2, 1], data: [10, 52] });
  });

  it.each(['ij->i', 'ii,i->i', 'i,j->k', 'i...,i->i', 'i,j'])('refuses %s', (equation) => {
    expect(() => contract(equation, [2, 2], [2])).toThrow(expect.objectContaining({ code: 'E_PROGRAM' }));
  });

  it('refuses an operand of another rank', () => {
    expect(() => contract('ij,j->i', [2], [2])).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
  });
});
