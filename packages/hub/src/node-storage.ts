/** A directory of the file system, in Node. */

import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AttuneError } from '@attune/ir';
import { cannotRead, diskError, diskFull, FILE_IN_THE_WAY, NOT_EMPTY } from './disk-errors.js';
import { makeDirectories, syncPath } from './node-durable.js';
import { lockFile, requireUnlockedFile } from './node-lock.js';
import {
  type ByteRange,
  containedPath,
  type FileWriter,
  missingFile,
  type Storage,
  type StorageEntry,
} from './storage.js';

/** @param root the directory; it need not exist before the first write */
export function nodeStorage(root: string): Storage {
  const at = (path: string) => join(root, containedPath(path));
  return {
    name: root.replace(/\/+$/, '') || '/',
    exists: (path) =>
      stat(at(path)).then(
        () => true,
        () => false,
      ),
    size: (path) => guard(at(path), async () => regular(at(path), await stat(at(path))).size),
    read: (path, range) => guard(at(path), () => readRange(at(path), range)),
    create: (path) => guardWrite(at(path), () => createFile(at(path))),
    list: (path) => guard(at(path), () => listDirectory(at(path))),
    makeDirectory: (path) => guardWrite(at(path), () => makeDirectories(at(path))),
    rename: (from, to) => guard(at(from), () => rename(at(from), at(to))),
    remove: (path) => guard(at(path), () => rm(at(path), { recursive: true, force: true })),
    syncDirectory: (path) => guard(at(path), () => syncPath(at(path))),
    async lock(name) {
      const unlock = await guardWrite(at(name), () => lockFile(at(name), root));
      return () => guardWrite(at(name), unlock);
    },
    requireUnlocked: (name) => requireUnlockedFile(at(name), root),
    freeBytes: () => freeBytes(root),
  };
}

/** The storage of a path, or the storage itself; `@attune/hub/directory` is this in Node and its like in browsers. */
export function openDirectory(directory: Storage | string): Storage {
  return typeof directory === 'string' ? nodeStorage(resolve(directory)) : directory;
}

async function readRange(path: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
  // Without waiting for the other end of a pipe.
  await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const { size } = regular(path, await file.stat());
  const { start, end } = range ?? { start: 0, end: size };
  const bytes = new Uint8Array(end - start);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) return bytes.slice(0, done);
    done += bytesRead;
  }
  return bytes;
}

/** @throws AttuneError `E_DISK` for what is no file: reading a pipe or a device may never end */
function regular(path: string, stats: Stats): Stats {
  if (stats.isFile()) return stats;
  throw cannotRead(path, stats.isDirectory() ? 'a directory' : 'no regular file');
}

/** Streams into a temporary neighbour and renames it into place. */
async function createFile(path: string): Promise<FileWriter> {
  await makeDirectories(dirname(path));
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file: FileHandle = await open(temporary, 'wx');
  const abort = async () => {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
  };
  const orAbort = (needed: number, action: () => Promise<void>) =>
    guardWrite(path, action, needed).catch(async (error: unknown) => {
      await abort();
      throw error;
    });
  return {
    write: (bytes) =>
      orAbort(bytes.length, async () => {
        for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
      }),
    close: () =>
      orAbort(0, async () => {
        await file.sync();
        await file.close();
        await rename(temporary, path);
        await syncPath(dirname(path));
      }),
    abort,
  };
}

async function listDirectory(path: string): Promise<readonly StorageEntry[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .map((entry) => ({ name: entry.name, kind: entry.isDirectory() ? ('directory' as const) : ('file' as const) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Of the nearest directory that exists. */
async function freeBytes(path: string): Promise<number | undefined> {
  for (let current = resolve(path); ; current = dirname(current)) {
    const stats = await statfs(current).catch(() => undefined);
    if (stats) return stats.bavail * stats.bsize;
    if (current === dirname(current)) return undefined;
  }
}

async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    throw codeOf(cause) === 'ENOENT' ? missingFile(path) : refusal(path, cause);
  }
}

/** Where something is to be made, ENOENT says nothing: Node gives it also for a read-only file system. */
async function guardWrite<T>(path: string, action: () => Promise<T>, neededBytes = 0): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    if (codeOf(cause) === 'ENOSPC') throw await fullDisk(path, neededBytes, cause);
    throw refusal(path, codeOf(cause) === 'ENOENT' ? ((await refusalAbove(path)) ?? cause) : cause);
  }
}

/** Why nothing can be made in the nearest directory that exists. */
async function refusalAbove(path: string): Promise<unknown> {
  for (let current = dirname(resolve(path)); ; current = dirname(current)) {
    try {
      await access(current, constants.W_OK);
      return undefined;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || current === dirname(current)) return error;
    }
  }
}

async function fullDisk(path: string, neededBytes: number, cause: unknown): Promise<AttuneError> {
  const free = await statfs(dirname(path)).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
  return diskFull(path, neededBytes, free, cause);
}

function refusal(path: string, cause: unknown): AttuneError {
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'the file system is read-only',
    ENOTDIR: FILE_IN_THE_WAY,
    EEXIST: FILE_IN_THE_WAY,
    ENOTEMPTY: NOT_EMPTY,
    ENOENT: 'a part of the path leads nowhere',
    EISDIR: 'it is a directory',
  };
  return diskError(
    path,
    reasons[codeOf(cause) ?? ''] ?? (cause instanceof Error ? cause.message : String(cause)),
    cause,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
