import { expect, test } from 'vitest';
import { type GgufDType, ggufBlocks } from './encode-blocks.js';

const numbers = Float32Array.from({ length: 64 }, (_, index) => (index === 40 ? 0 : Math.sin(index * 1.7) * 3 + 0.2));

/** By `gguf.quants.quantize` of llama.cpp's Python package. */
test.each<[GgufDType, string]>([
  [
    'q8_0',
    '7326087eea9a4367b5be6e3795f67ffb943371c2b164479ce57d0d912278d1a658557226a4d4791e91107de2004a62afc5723093fe7ff3963a6dbcb7694098ed7f05922a',
  ],
  ['q4_0', '66b617c0d92e44e2ad0c71f56f09b0e82f3565b68e0b90f64f17c0da1843f29d0c81f55f'],
])('blocks of %s are those of llama.cpp', (dtype, hexadecimal) => {
  expect(Buffer.from(ggufBlocks(dtype, numbers, 'weight', 'model.gguf')).toString('hex')).toBe(hexadecimal);
});

test.each<[GgufDType, number]>([
  ['q8_0', Number.NaN],
  ['q4_0', Number.POSITIVE_INFINITY],
  ['f16', 1e6],
])('%s refuses %f by name', (dtype, value) => {
  const bad = numbers.with(33, value);
  const expected = { code: 'E_NONFINITE', field: 'weight' };
  expect(() => ggufBlocks(dtype, bad, 'weight', 'model.gguf')).toThrow(expect.objectContaining(expected));
});
