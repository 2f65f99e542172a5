/** The steps of `mixWord`: xor with itself shifted right, then multiply; the last has no multiplication. */
export const MIX_STEPS = [
  { shift: 16, multiplier: 0x7feb352d },
  { shift: 15, multiplier: 0x846ca68b },
  { shift: 16, multiplier: undefined },
] as const;

/**
 * A bijection of 32-bit words that changes half the bits of its result for every changed bit: `lowbias32`, found by
 * Wellons's search for integer hashes with the least bias (Hash Prospector, 2018).
 */
export function mixWord(word: number): number {
  let x = word | 0;
  for (const { shift, multiplier } of MIX_STEPS) {
    x ^= x >>> shift;
    if (multiplier !== undefined) x = Math.imul(x, multiplier);
  }
  return x >>> 0;
}
