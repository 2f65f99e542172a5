import { describe, expect, it } from 'vitest';
import { literal } from './literals.js';

describe('literals', () => {
  it.each([
    [0.1, '0.1f'],
    [-0, '-0.0f'],
    [1e-7, '1e-7f'],
    [3.4028234663852886e38, '3.4028234663852886e+38f'],
    [Number.POSITIVE_INFINITY, 'infinity()'],
    [Number.NEGATIVE_INFINITY, '-infinity()'],
    [Number.NaN, 'not_a_number()'],
  ])('write the float %d as %s', (number, text) => {
    expect(literal(number, 'f32')).toBe(text);
  });

  it('give the same float32 back', () => {
    for (const number of [Math.PI, 1 / 3, 2 ** -126, 16777217, 1e30]) {
      const rounded = Math.fround(number);
      expect(Math.fround(Number(literal(number, 'f32').replace('f', '')))).toBe(rounded);
    }
  });

  it('write the smallest integer as a difference', () => {
    expect(literal(-(2 ** 31), 'i32')).toBe('i32(-2147483647 - 1)');
    expect(literal(4294967295, 'u32')).toBe('4294967295u');
    expect(literal(1, 'bool')).toBe('true');
  });
});
