/** T20: what the system refuses while a file is written, wherever it does. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeStorage } from './node-storage.js';
import { writeFile } from './storage.js';

const refusals = vi.hoisted(() => new Map<string, string>());
vi.mock('node:fs/promises', async (importActual) => {
  const actual = await importActual<typeof fs>();
  const refuse = (action: string) => {
    const code = refusals.get(action);
    if (code) throw Object.assign(new Error(`${code}: ${action}`), { code });
  };
  return {
    ...actual,
    async open(path: string, flags?: string) {
      if (flags === 'wx') refuse('open');
      const file = await actual.open(path, flags);
      return {
        write(bytes: Uint8Array, offset: number) {
          if (offset > 0) refuse('write');
          return file.write(bytes, offset, Math.min(4, bytes.length - offset));
        },
        async sync() {
          refuse('sync');
          await file.sync();
        },
        close: () => file.close(),
        [Symbol.asyncDispose]: () => file.close(),
      };
    },
    async rename(from: string, to: string) {
      refuse('rename');
      await actual.rename(from, to);
    },
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-faults-'));
});
afterEach(() => {
  refusals.clear();
  rmSync(folder, { recursive: true });
});

describe('T20 disk-full: a write that the system refuses', () => {
  it.each([
    ['write', 'ENOSPC', /the disk is full \(11 bytes needed, \d+ bytes are free\)/],
    ['sync', 'ENOSPC', /the disk is full \(0 bytes needed, \d+ bytes are free\)/],
    ['open', 'ENOSPC', /the disk is full/],
    ['write', 'EFBIG', /EFBIG/],
    ['write', 'EDQUOT', /EDQUOT/],
    ['sync', 'EIO', /EIO/],
    ['open', 'EACCES', /no permission/],
    ['open', 'EROFS', /the file system is read-only/],
    ['rename', 'EROFS', /the file system is read-only/],
  ])('at %s with %s: names the file, and leaves the older one as it was', async (action, code, message) => {
    const storage = nodeStorage(folder);
    await writeFile(storage, 'file', 'old');
    refusals.set(action, code);
    await expect(writeFile(storage, 'file', 'new content')).rejects.toMatchObject({
      code: 'E_DISK',
      file: join(folder, 'file'),
      message: expect.stringMatching(message),
    });
    expect(readdirSync(folder)).toEqual(['file']);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old');
  });
});
