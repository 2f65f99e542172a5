import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeStorage } from './node-storage.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-storage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('storage in a directory', () => {
  it('reads a part of a large file without reading the rest', async () => {
    const path = join(folder, 'sparse');
    writeFileSync(path, '');
    const { truncate } = await import('node:fs/promises');
    await truncate(path, 5 * 2 ** 30);
    expect(statSync(path).size).toBe(5 * 2 ** 30);
    const before = process.memoryUsage().rss;
    expect(await nodeStorage(folder).read('sparse', { start: 4 * 2 ** 30, end: 4 * 2 ** 30 + 8 })).toEqual(
      new Uint8Array(8),
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });

  it('T20 disk-full: says that a file stands where a directory is needed', async () => {
    writeFileSync(join(folder, 'file'), '');
    const storage = nodeStorage(folder);
    for (const attempt of [
      () => storage.makeDirectory('file'),
      () => storage.makeDirectory('file/below'),
      () => storage.create('file/below'),
      () => storage.list('file'),
      () => nodeStorage(join(folder, 'file')).lock('.lock'),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'E_DISK',
        message: expect.stringMatching(/file.* cannot be used: a file stands where a directory is needed\.$/),
      });
    }
  });

  const isRoot = process.getuid?.() === 0;
  it.runIf(process.platform === 'linux' && isRoot)('T20 disk-full: names a read-only file system', async ({ skip }) => {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder]).status !== 0) skip('no mount here');
    try {
      for (const attempt of [
        () => nodeStorage(folder).create('x/file'),
        () => nodeStorage(folder).makeDirectory('x/y'),
        () => nodeStorage(join(folder, 'x')).lock('.lock'),
      ]) {
        await expect(attempt()).rejects.toMatchObject({
          code: 'E_DISK',
          file: expect.stringContaining(join(folder, 'x')),
          message: expect.stringMatching(/read-only/),
        });
      }
    } finally {
      spawnSync('umount', [folder]);
    }
  });

  it.runIf(process.platform === 'linux')('T20 disk-full: opens regular files only', async () => {
    spawnSync('mkfifo', [join(folder, 'pipe')]);
    const storage = nodeStorage(folder);
    for (const attempt of [() => storage.read('pipe'), () => storage.size('pipe'), () => storage.read('')]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'E_DISK', message: expect.stringMatching(/it is (no|a)/) });
    }
    await expect(storage.read('')).rejects.toThrow(/it is a directory/);
  });

  it('T25 two-writers: leaves a directory alone that bears the name of the lock', async () => {
    mkdirSync(join(folder, '.lock'));
    writeFileSync(join(folder, '.lock/canary'), 'mine');
    await expect(nodeStorage(folder).lock('.lock')).rejects.toMatchObject({
      code: 'E_OUTPUT_EXISTS',
      file: join(folder, '.lock'),
    });
    expect(readdirSync(folder, { recursive: true })).toEqual(['.lock', '.lock/canary']);
  });

  it('names a file that is missing', async () => {
    await expect(nodeStorage(folder).read('nothing')).rejects.toMatchObject({
      code: 'E_FILE_MISSING',
      file: join(folder, 'nothing'),
    });
  });
});
