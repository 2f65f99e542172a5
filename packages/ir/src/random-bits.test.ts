import { describe, expect, it } from 'vitest';
import { hostTensor, interpret, ProgramBuilder, randomBits, tensorType, threefry } from './index.js';

function words(key: [number, number], count: number): Uint32Array {
  const builder = new ProgramBuilder('words');
  const program = builder.finish({ words: randomBits(builder.input('key', tensorType([2], 'u32')), [count]) });
  return Uint32Array.from(interpret(program, [hostTensor([2], key, 'u32')])[0]!.data);
}

describe('randomness', () => {
  it('Threefry-2x32 gives the known answers of Random123', () => {
    expect(threefry([0, 0], [0, 0])).toEqual([0x6b200159, 0x99ba4efe]);
    expect(threefry([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff])).toEqual([0x1cb996fc, 0xbb002be7]);
    expect(threefry([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3])).toEqual([0xc4923a9c, 0x483df7a0]);
  });

  it('words of one key are even in every bit and byte', () => {
    const sample = words([1, 2], 1 << 16);
    for (let bit = 0; bit < 32; bit++) {
      const ones = sample.reduce((sum, word) => sum + ((word >>> bit) & 1), 0);
      expect(Math.abs(ones / sample.length - 0.5)).toBeLessThan(0.01);
    }
    const counts = new Array<number>(256).fill(0);
    for (const word of sample) counts[word & 255]!++;
    const expected = sample.length / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(350);
  });

  it('neighbours, and equal positions of neighbouring keys, are unrelated', () => {
    const [a, b] = [words([7, 0], 1 << 15), words([8, 0], 1 << 15)];
    const agreement = (x: Uint32Array, y: Uint32Array) => {
      let same = 0;
      for (let index = 0; index < x.length - 1; index++) {
        for (let bit = 0; bit < 32; bit++) same += 1 ^ (((x[index]! ^ y[index]!) >>> bit) & 1);
      }
      return same / ((x.length - 1) * 32);
    };
    expect(Math.abs(agreement(a, b) - 0.5)).toBeLessThan(0.005);
    expect(Math.abs(agreement(a, a.subarray(1)) - 0.5)).toBeLessThan(0.005);
  });
});
