/** A directory of the file system, in Node. */

import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { AttuneError } from '@attune/ir';
import {
  type ByteRange,
  containedPath,
  type FileWriter,
  missingFile,
  type Storage,
  type StorageEntry,
} from './storage.js';

interface LockHolder {
  readonly pid: number;
  readonly host: string;
  readonly started: string;
}

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
    size: (path) => guard(at(path), async () => (await stat(at(path))).size),
    read: (path, range) => guard(at(path), () => readRange(at(path), range)),
    create: (path) => guard(at(path), () => createFile(at(path))),
    list: (path) => guard(at(path), () => listDirectory(at(path))),
    makeDirectory: (path) => guard(at(path), async () => void (await mkdir(at(path), { recursive: true }))),
    rename: (from, to) => guard(at(from), () => rename(at(from), at(to))),
    remove: (path) => guard(at(path), () => rm(at(path), { recursive: true, force: true })),
    syncDirectory: (path) => guard(at(path), () => syncPath(at(path))),
    lock: (name) => lock(root, at(name)),
  };
}

async function readRange(path: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
  await using file = await open(path);
  const { start, end } = range ?? { start: 0, end: (await file.stat()).size };
  const bytes = new Uint8Array(end - start);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) return bytes.slice(0, done);
    done += bytesRead;
  }
  return bytes;
}

/** Streams into a temporary neighbour and renames it into place. */
async function createFile(path: string): Promise<FileWriter> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file: FileHandle = await open(temporary, 'wx');
  const abort = async () => {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
  };
  const orAbort = (needed: number, action: () => Promise<void>) =>
    guard(path, action, needed).catch(async (error: unknown) => {
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

async function syncPath(path: string): Promise<void> {
  await using directory = await open(path);
  await directory.sync();
}

/** A lock file that holds who took it; one whose process is gone is taken over. */
async function lock(root: string, path: string): Promise<() => Promise<void>> {
  const holder: LockHolder = { pid: process.pid, host: hostname(), started: new Date().toISOString() };
  await guard(path, async () => void (await mkdir(dirname(path), { recursive: true })));
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(path, JSON.stringify(holder), { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw diskError(path, cause);
      const other = await readHolder(path);
      if (other && isAlive(other)) {
        throw new AttuneError(
          'E_LOCKED',
          `${root} is in use by process ${other.pid} on ${other.host} since ${other.started}.`,
          { file: path, hint: 'Wait for that run, stop it, or choose another output directory.' },
        );
      }
      await rm(path, { force: true });
    }
  }
  throw new AttuneError('E_LOCKED', `${root} is being taken by another run.`, { file: path });
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    const holder: Partial<LockHolder> = JSON.parse(await readFile(path, 'utf8'));
    const { pid, host, started } = holder;
    return pid === undefined || host === undefined || started === undefined ? undefined : { pid, host, started };
  } catch {
    return undefined;
  }
}

/** A process of another host cannot be asked: it counts as alive. */
function isAlive({ pid, host }: LockHolder): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function guard<T>(path: string, action: () => Promise<T>, neededBytes = 0): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    if (codeOf(cause) === 'ENOENT') throw missingFile(path);
    if (codeOf(cause) === 'ENOSPC') throw await diskFull(path, neededBytes, cause);
    throw diskError(path, cause);
  }
}

async function diskFull(path: string, neededBytes: number, cause: unknown): Promise<AttuneError> {
  const free = await statfs(dirname(path)).then(
    ({ bavail, bsize }) => `, ${bavail * bsize} bytes are free`,
    () => '',
  );
  return new AttuneError(
    'E_DISK',
    `${path} cannot be written: the disk is full (${neededBytes} bytes needed${free}).`,
    {
      file: path,
      hint: 'Free some space and run the command again with --resume.',
      cause,
    },
  );
}

function diskError(path: string, cause: unknown): AttuneError {
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is a file',
    EISDIR: 'it is a directory',
  };
  const code = codeOf(cause);
  const reason = reasons[code ?? ''] ?? (cause instanceof Error ? cause.message : String(cause));
  return new AttuneError('E_DISK', `${path} cannot be used: ${reason}.`, { file: path, cause });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
