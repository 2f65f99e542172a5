/** Stands in for node:fs/promises and writes down, in their order, what is changed and what is made durable. */

import type * as fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A change of the file system, or a wait until one is durable; paths are absolute. */
export type DiskOperation =
  | { readonly kind: 'make-directory' | 'create' | 'remove' | 'sync'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string };

type FileSystem = typeof fs;

/** The functions that `nodeStorage` changes files with, for `vi.mock('node:fs/promises')`. */
export function recordedDisk(actual: FileSystem, operations: DiskOperation[]) {
  const isThere = (path: string) => actual.lstat(path).catch(() => undefined);

  async function noteDirectories(path: string): Promise<void> {
    if (await isThere(path)) return;
    await noteDirectories(dirname(path));
    operations.push({ kind: 'make-directory', path });
  }

  async function noteRemoval(path: string): Promise<void> {
    const stats = await isThere(path);
    if (!stats) return;
    if (stats.isDirectory()) for (const name of await actual.readdir(path)) await noteRemoval(join(path, name));
    operations.push({ kind: 'remove', path });
  }

  return {
    async mkdir(path: string, options: { readonly recursive: true }) {
      await noteDirectories(path);
      return actual.mkdir(path, options);
    },
    async open(path: string, flags?: string | number) {
      const file = await actual.open(path, flags);
      if (flags === 'wx') operations.push({ kind: 'create', path });
      return recordedFile(file, path, operations);
    },
    async rename(path: string, to: string) {
      await actual.rename(path, to);
      operations.push({ kind: 'rename', path, to });
    },
    async rm(path: string, options: { readonly recursive?: boolean; readonly force?: boolean }) {
      await noteRemoval(path);
      await actual.rm(path, options);
    },
  };
}

function recordedFile(file: FileHandle, path: string, operations: DiskOperation[]) {
  return {
    stat: () => file.stat(),
    read: (bytes: Uint8Array, offset: number, length: number, position: number) =>
      file.read(bytes, offset, length, position),
    async write(bytes: Uint8Array, offset: number) {
      const result = await file.write(bytes, offset);
      operations.push({ kind: 'write', path, bytes: bytes.slice(offset, offset + result.bytesWritten) });
      return result;
    },
    async sync() {
      await file.sync();
      operations.push({ kind: 'sync', path });
    },
    close: () => file.close(),
    [Symbol.asyncDispose]: () => file.close(),
  };
}
