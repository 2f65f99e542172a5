/**
 * Randomness on the host: Threefry-2x32, counter-based, so that a number depends on (seed, purpose, index) only and
 * there is no generator state to save. The device's `random_bits` primitive is the same function.
 */
import { threefry } from '@attune/ir';

/** FNV-1a, to turn the name of a purpose into a key word. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** A key for one purpose of one seed. Seeds up to 2^53 count in full. */
export function keyOf(seed: number, purpose: string, ...numbers: readonly number[]): [number, number] {
  let key = threefry([seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0], [hashName(purpose), 0]);
  for (const number of numbers) key = threefry(key, [number >>> 0, 1]);
  return key;
}

/** `count` numbers, uniform in [0, 1) with 24 bits. */
export function uniformUnit(count: number, seed: number, purpose: string): Float32Array {
  const key = keyOf(seed, purpose);
  const numbers = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const [a, b] = threefry(key, [index, 2]);
    numbers[index] = (a >>> 8) / 2 ** 24;
    if (index + 1 < count) numbers[index + 1] = (b >>> 8) / 2 ** 24;
  }
  return numbers;
}

/** `count` standard normal numbers, by Box and Muller's method. */
export function gaussian(count: number, seed: number, purpose: string): Float32Array {
  const key = keyOf(seed, purpose);
  const numbers = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const [a, b] = threefry(key, [index, 3]);
    const radius = Math.sqrt(-2 * Math.log((a + 1) / 2 ** 32));
    const angle = (2 * Math.PI * b) / 2 ** 32;
    numbers[index] = radius * Math.cos(angle);
    if (index + 1 < count) numbers[index + 1] = radius * Math.sin(angle);
  }
  return numbers;
}

/** A permutation of 0..count-1 (Fisher and Yates), a function of the seed and the purpose. */
export function permutation(count: number, seed: number, purpose: string, ...numbers: readonly number[]): Uint32Array {
  const key = keyOf(seed, purpose, ...numbers);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const [high, low] = threefry(key, [index, 4]);
    const other = Math.floor(((high * 2 ** 21 + (low >>> 11)) / 2 ** 53) * (index + 1));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}
