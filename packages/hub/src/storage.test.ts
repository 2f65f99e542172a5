/** The cases that all storages pass, in Node; in browsers they run in opfs/storage.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from './memory-storage.js';
import { nodeStorage } from './node-storage.js';
import { storageCases } from './testing/storage-cases.js';

const folder = mkdtempSync(join(tmpdir(), 'attune-storage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const storages = {
  memory: () => new MemoryStorage(),
  'a directory in Node': () => nodeStorage(mkdtempSync(join(folder, 'case-'))),
} as const;

describe.each(Object.entries(storages))('storage in %s', (_, open) => {
  it.each(storageCases)('$name', async ({ observe, expected }) => {
    expect(await observe(open())).toEqual(expected);
  });
});
