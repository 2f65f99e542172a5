/** Lock files in Node: one process at a time works in a directory, and what a dead one left behind is taken over. */
import { randomUUID } from 'node:crypto';
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';

const holderSchema = z.object({ pid: z.int(), host: z.string(), started: z.string(), id: z.string() });

type LockHolder = z.infer<typeof holderSchema>;

const HEARTBEAT_MILLISECONDS = 10_000;
/** A lock of another host that has not been touched for this long is stale: its process cannot be asked. */
const STALE_MILLISECONDS = 60_000;

/**
 * Takes the lock file `path` for this process and keeps its time fresh until the result is called. A lock whose process
 * is gone, or of another host and not touched for a minute, is taken over.
 * @param name what is locked, for the message
 * @throws AttuneError `E_LOCKED` that names pid, host and start of the holder, `E_OUTPUT_EXISTS` where what bears the
 * lock's name is no file; the system's errors as they are
 */
export async function lockFile(path: string, name: string): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const holder: LockHolder = {
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
    id: randomUUID(),
  };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await writeNew(path, holder)) return release(path, holder);
    await requireFile(path);
    const other = await readHolder(path);
    await requireGone(path, name, other);
    await clear(path, other);
  }
  throw new AttuneError('E_LOCKED', `${name} is being taken by another run.`, { file: path });
}

/**
 * What `lockFile` would throw because of a holder; changes nothing.
 * @throws AttuneError `E_LOCKED`, `E_OUTPUT_EXISTS`
 */
export async function requireUnlockedFile(path: string, name: string): Promise<void> {
  await requireFile(path);
  await requireGone(path, name, await readHolder(path));
}

/** @throws AttuneError `E_LOCKED` for a holder that is alive */
async function requireGone(path: string, name: string, holder: LockHolder | undefined): Promise<void> {
  if (holder && (await isAlive(path, holder))) throw locked(path, name, holder);
}

/** What is no file is no lock of ours. */
async function requireFile(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (!stats || stats.isFile()) return;
  const kind = stats.isDirectory() ? 'a directory' : 'no regular file';
  throw new AttuneError('E_OUTPUT_EXISTS', `${path} is ${kind}, where a run keeps its lock; it is left alone.`, {
    file: path,
    hint: 'Move it away, or choose another output directory.',
  });
}

function locked(file: string, name: string, { pid, host, started }: LockHolder): AttuneError {
  return new AttuneError('E_LOCKED', `${name} is in use by process ${pid} on ${host} since ${started}.`, {
    file,
    hint: 'Wait for that run, stop it, or choose another output directory.',
  });
}

/** Writes a neighbour and links it into place, so that the lock is there with its content or not at all. */
async function writeNew(path: string, holder: LockHolder): Promise<boolean> {
  const draft = `${path}.${holder.id}`;
  const file: FileHandle = await open(draft, 'wx');
  try {
    await file.writeFile(JSON.stringify(holder));
    await file.close();
    await link(draft, path);
    return true;
  } catch (error) {
    await file.close().catch(() => {});
    if (codeOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error) ?? '')) throw error;
    return await writeDirectly(path, holder);
  } finally {
    await rm(draft, { force: true });
  }
}

/** For file systems without hard links. */
async function writeDirectly(path: string, holder: LockHolder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function release(path: string, { id }: LockHolder): () => Promise<void> {
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MILLISECONDS);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    if ((await readHolder(path))?.id === id) await rm(path, { force: true });
  };
}

/** Moves a stale lock aside before removing it; puts it back where another process was faster. */
async function clear(path: string, stale: LockHolder | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readHolder(aside))?.id !== stale?.id) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    return holderSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

async function isAlive(path: string, { pid, host, started }: LockHolder): Promise<boolean> {
  if (host !== hostname()) {
    const touched = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    return Date.now() - touched < STALE_MILLISECONDS;
  }
  if (pid === process.pid) return Date.parse(started) >= Date.now() - process.uptime() * 1000 - 1000;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
