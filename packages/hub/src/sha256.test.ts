import { afterEach, describe, expect, test, vi } from 'vitest';
import { MemoryStorage } from './memory-storage.js';
import { hashFile, Sha256, sha256Of } from './sha256.js';
import { writeFile } from './storage.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** From FIPS 180-4. */
const known = new Map([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
]);

describe.each(['Node', 'a browser'])('sha256 in %s', (where) => {
  const enter = () => {
    if (where === 'a browser') vi.stubGlobal('process', undefined);
  };

  test.each([...known])('of "%s"', (text, hash) => {
    enter();
    expect(sha256Of(text)).toBe(hash);
    expect([...text].reduce((sum, part) => sum.update(part), new Sha256()).digest()).toBe(hash);
  });
});

test('T21: a large file is hashed in parts', async () => {
  const storage = new MemoryStorage();
  const bytes = Uint8Array.from({ length: 9 << 20 }, (_, index) => index % 251);
  await writeFile(storage, 'file', bytes);
  const read = vi.spyOn(storage, 'read');
  expect(await hashFile(storage, 'file')).toEqual({ sha256: sha256Of(bytes), bytes: bytes.length });
  expect(read).toHaveBeenCalledTimes(3);
});
