import { describe, expect, it } from 'vitest';
import { embedding, hostTensor, ProgramBuilder, tensorType } from '../index.js';

describe('embedding', () => {
  it.each([
    [-1, 4],
    [2, 2],
    [null, null],
  ])('takes the padding index %s as row %s of five', (given, row) => {
    const builder = new ProgramBuilder('embedding');
    const ids = builder.constant(hostTensor([2], [0, 4], 'i32'));
    const y = embedding(builder.input('table', tensorType([5, 3])), ids, given);
    expect(builder.finish({ y }).ops[0]!.attributes).toEqual({ paddingIndex: row });
  });
});
