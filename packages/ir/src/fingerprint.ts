import type { Program } from './program.js';
import { serialize } from './serialize.js';

/**
 * A 128-bit hash of what a program computes; its name does not count. For compile caches: not cryptographic (four
 * FNV-1a lanes with different offsets).
 */
export function fingerprint(program: Program): string {
  const bytes = serialize({ ...program, name: '' });
  const lanes = [0x811c9dc5, 0x01000193, 0x9e3779b9, 0x85ebca6b];
  for (let index = 0; index < bytes.length; index++) {
    const lane = index & 3;
    lanes[lane] = Math.imul(lanes[lane]! ^ bytes[index]!, 0x01000193) ^ (lanes[(lane + 3) & 3]! >>> 15);
  }
  return lanes.map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}
