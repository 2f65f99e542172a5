/** Lock files in Node: one process at a time works in a directory, and what a dead one left behind is taken over. */
import { randomUUID } from 'node:crypto';
import {
  type FileHandle,
  link,
  lstat,
  open,
  readFile,
  readlink,
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
import { makeDirectories } from './node-durable.js';

const holderSchema = z.object({
  pid: z.int(),
  host: z.string(),
  started: z.string(),
  id: z.string(),
  /** The boot and the namespace that the pid belongs to, where the system says so. */
  machine: z.optional(z.string()),
  /** When the process began, in the system's own count: tells it from a later one of the same pid. */
  birth: z.optional(z.string()),
});

type LockHolder = z.infer<typeof holderSchema>;

const HEARTBEAT_MILLISECONDS = 10_000;
/** A lock that has not been touched for this long is stale where its process cannot be asked. */
const STALE_MILLISECONDS = 60_000;

/**
 * Takes the lock file `path` for this process and keeps its time fresh until the result is called. A lock whose process
 * is gone is taken over; where that cannot be asked (another host, another PID namespace), one not touched for a minute.
 * @param name what is locked, for the message
 * @throws AttuneError `E_LOCKED` that names pid, host and start of the holder, `E_OUTPUT_EXISTS` where what bears the
 * lock's name is no file; the system's errors as they are
 */
export async function lockFile(path: string, name: string): Promise<() => Promise<void>> {
  await makeDirectories(dirname(path));
  const machine = await thisMachine();
  const { birth } = await processEntry(process.pid);
  const holder: LockHolder = {
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
    id: randomUUID(),
    ...(machine === undefined ? {} : { machine }),
    ...(birth === undefined ? {} : { birth }),
  };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await writeNew(path, holder)) return release(path, holder);
    await requireFile(path);
    const other = await readHolder(path);
    await requireGone(path, name, other);
    if (await takeOver(path, path, other, holder)) return release(path, holder);
    await new Promise((resolve) => setTimeout(resolve, 20));
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
    hint: `Wait for that run, stop it, or choose another output directory. If there is no such run, delete ${file}.`,
  });
}

/** Writes a neighbour and links it into place, so that the lock is there with its content or not at all. */
async function writeNew(path: string, holder: LockHolder): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
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

function release(path: string, holder: LockHolder): () => Promise<void> {
  const { id } = holder;
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

/**
 * Replaces the lock of a process that is gone. Whoever may do so holds a claim, a file named by that lock's id: nobody
 * replaces a lock that another one has already taken over. A claim of a process that is gone is replaced in the same way.
 * @param file the lock, or a claim
 * @returns whether the file is the holder's now
 */
async function takeOver(
  path: string,
  file: string,
  stale: LockHolder | undefined,
  holder: LockHolder,
): Promise<boolean> {
  const claim = `${path}.claim-${stale?.id.replace(/[^\w-]/g, '') ?? 'unreadable'}`;
  if (claim === file) return false;
  if (!(await writeNew(claim, holder))) {
    const other = await readHolder(claim);
    if (!other || (await isAlive(claim, other))) return false;
    if (!(await takeOver(path, claim, other, holder))) return false;
  }
  try {
    if ((await readHolder(file))?.id !== stale?.id) return false;
    const draft = `${file}.${randomUUID()}`;
    await writeFile(draft, JSON.stringify(holder));
    await rename(draft, file);
    return true;
  } finally {
    await rm(claim, { force: true });
  }
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    return holderSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

async function isAlive(path: string, { pid, host, started, machine, birth }: LockHolder): Promise<boolean> {
  if (host === hostname() && machine === (await thisMachine())) {
    const entry = await processEntry(pid);
    if (!entry.isRunning) return false;
    if (entry.birth !== undefined && birth !== undefined) return entry.birth === birth;
    if (pid === process.pid) return Date.parse(started) >= Date.now() - process.uptime() * 1000 - 1000;
  }
  const touched = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  return Math.abs(Date.now() - touched) < STALE_MILLISECONDS;
}

function exists(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** The boot of this machine and the PID namespace, in Linux; undefined elsewhere. */
async function thisMachine(): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

interface ProcessEntry {
  readonly isRunning: boolean;
  /** Absent where it cannot be known. */
  readonly birth?: string | undefined;
}

/** Fields 3 and 22 of the process's entry in /proc (proc_pid_stat(5)); without one, what signals say. */
async function processEntry(pid: number): Promise<ProcessEntry> {
  try {
    // A /proc of another PID namespace has other processes under the same numbers.
    if ((await readlink('/proc/self')) !== `${process.pid}`) return { isRunning: exists(pid) };
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { isRunning: !['Z', 'X'].includes(fields[0] ?? ''), birth: fields[19] };
  } catch {
    return { isRunning: exists(pid) };
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
