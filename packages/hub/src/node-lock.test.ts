import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockFile } from './node-lock.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-lock-'));
  path = join(folder, '.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DEAD = 2 ** 22 - 3;

/** A lock file of somebody else. @param secondsAgo when it was touched */
function put(changes: object, secondsAgo = 0): void {
  const holder = { pid: DEAD, host: hostname(), started: '2020-01-01T00:00:00.000Z', id: 'other', ...changes };
  writeFileSync(path, JSON.stringify(holder));
  const time = new Date(Date.now() - 1000 * secondsAgo);
  utimesSync(path, time, time);
}

const code = () =>
  lockFile(path, 'runs/x').then(
    () => 'taken',
    (error) => error.code,
  );

describe('audit F12, T25 two-writers: whose lock is stale', () => {
  it.each([
    ['a pid of another namespace, touched just now', { machine: 'another boot' }, 0, 'E_LOCKED'],
    ['a pid of another namespace, not touched for long', { machine: 'another boot' }, 90, 'taken'],
    ['another host, touched just now', { host: 'elsewhere' }, 0, 'E_LOCKED'],
    ['a pid that now belongs to another program', { pid: 1 }, 90, 'taken'],
    ['no pid at all', { pid: -1 }, 90, 'taken'],
    ['a time far ahead, as after the clock was set back', { host: 'elsewhere' }, -1e6, 'taken'],
  ])('%s', async (_, changes, secondsAgo, expected) => {
    put(changes, secondsAgo);
    expect(await code()).toBe(expected);
  });

  it.runIf(existsSync('/proc/self/ns/pid'))('the same pid of a process that began at another time', async () => {
    const unlock = await lockFile(path, 'runs/x');
    const own = JSON.parse(readFileSync(path, 'utf8'));
    await unlock();
    put({ ...own, id: 'other', birth: '1' });
    expect(await code()).toBe('taken');
    put({ ...own, id: 'other' });
    expect(await code()).toBe('E_LOCKED');
    put({ ...own, id: 'other', pid: DEAD });
    expect(await code()).toBe('taken');
  });

  it('says which file may be deleted', async () => {
    put({ host: 'elsewhere' });
    await expect(lockFile(path, 'runs/x')).rejects.toMatchObject({ hint: expect.stringContaining(`delete ${path}`) });
  });
});

it('audit F12: of many that take over a stale lock at once one has it, and nothing else is left', async () => {
  for (let round = 0; round < 20; round++) {
    put({}, 90);
    const unlocks = (await Promise.allSettled(Array.from({ length: 8 }, () => lockFile(path, 'runs/x')))).flatMap(
      (result) => (result.status === 'fulfilled' ? [result.value] : []),
    );
    expect(unlocks).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['.lock']);
    await unlocks[0]?.();
    expect(readdirSync(folder)).toEqual([]);
  }
});

it('audit F12: a claim left by a process that is gone does not keep the lock', async () => {
  put({}, 90);
  rmSync(`${path}.claim-other`, { force: true });
  writeFileSync(`${path}.claim-other`, readFileSync(path, 'utf8').replace('"other"', '"claimer"'));
  const past = new Date(Date.now() - 90_000);
  utimesSync(`${path}.claim-other`, past, past);
  await (await lockFile(path, 'runs/x'))();
  expect(readdirSync(folder)).toEqual([]);
});

it('T25 two-writers: giving a lock back leaves that of another one', async () => {
  const unlock = await lockFile(path, 'runs/x');
  put({});
  await unlock();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ id: 'other' });
});

it('T25 two-writers: a lock that is held is kept fresh', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const unlock = await lockFile(path, 'runs/x');
    const past = new Date(Date.now() - 90_000);
    utimesSync(path, past, past);
    await vi.advanceTimersByTimeAsync(15_000);
    await vi.waitFor(() => expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(60_000));
    await unlock();
  } finally {
    vi.useRealTimers();
  }
});
