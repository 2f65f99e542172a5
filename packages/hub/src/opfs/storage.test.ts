/** Storage in the browser's Origin Private File System, in headless Chromium. */
import { describeInChromium, runInChromium } from '@attune/testing/chromium';
import { beforeAll, describe, expect, it } from 'vitest';
import { storageCases } from '../testing/storage-cases.js';
import { opfsStorage } from './storage.js';

type Page = typeof import('../testing/opfs-page.js');

describeInChromium('storage in the Origin Private File System', () => {
  let found: Awaited<ReturnType<Page['default']>>;
  beforeAll(async () => {
    found = await runInChromium<Page>(new URL('../testing/opfs-page.ts', import.meta.url));
  });

  it.each(storageCases)('$name', ({ name, expected }) => {
    expect(found.cases[name]).toEqual(expected);
  });

  it('finishes the renaming of a directory that was cut short', () => {
    expect(found.interrupted).toEqual({ hidden: ['after', 'before'], first: 'moved', second: 'left', left: ['after'] });
  });

  it('lasts, is named by its path, and knows its quota', () => {
    expect([found.name, found.shared]).toEqual(['opfs/cases', 'whole']);
    expect(found.freeBytes).toBeGreaterThan(2 ** 20);
  });
});

describe('elsewhere', () => {
  it('says that there is no such file system', async () => {
    await expect(opfsStorage('runs')).rejects.toMatchObject({
      code: 'E_DISK',
      message: 'opfs/runs cannot be used: this platform has no Origin Private File System.',
    });
  });
});
