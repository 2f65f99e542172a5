import { describe, expect, it } from 'vitest';
import { hostTensor, interpret, ProgramBuilder, type RotaryOptions, rotaryAngles, rotaryEmbedding } from '../index.js';
import { uniform } from '../internal.js';

const options: RotaryOptions = { base: 10000, rotaryDimension: 8, style: 'half' };

describe('rotaryAngles', () => {
  it('holds the error in float32 constants at high positions', () => {
    const positions = [0, 1, 2047, 8191, 131071];
    const builder = new ProgramBuilder('angles');
    const { cos, sin } = rotaryAngles(builder.input('positions', { shape: [1, 5], dtype: 'i32' }), options);
    const [cosines, sines] = interpret(builder.finish({ cos, sin }), [hostTensor([1, 5], positions, 'i32')]);
    for (const [index, position] of positions.entries()) {
      for (let at = 0; at < 4; at++) {
        const angle = position * 10000 ** (-at / 4);
        expect(Math.abs(cosines!.data[index * 4 + at]! - Math.cos(angle))).toBeLessThan(2e-6);
        expect(Math.abs(sines!.data[index * 4 + at]! - Math.sin(angle))).toBeLessThan(2e-6);
      }
    }
  });
});

describe('rotaryEmbedding', () => {
  it('serves a batch from one row of positions', () => {
    const rotate = (rows: number) => {
      const builder = new ProgramBuilder('rotate');
      const x = builder.constant(uniform([2, 1, 3, 8], [-1, 1], 1));
      const ids = builder.constant(hostTensor([rows, 3], [4, 5, 6, 4, 5, 6].slice(0, rows * 3), 'i32'));
      return interpret(builder.finish({ y: rotaryEmbedding(x, rotaryAngles(ids, options), options) }), [])[0]!.data;
    };
    expect(rotate(1)).toEqual(rotate(2));
  });
});
