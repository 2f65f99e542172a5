import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStorage, type Storage, writeFile as writeStored } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { stoppingStorage } from '@attune/hub/testing/stopping-storage';
import { AttuneError, tensorType } from '@attune/ir';
import { afterAll, describe, expect, test } from 'vitest';
import { discoverCheckpoint } from '../checkpoint/load.js';
import { checkpointSteps, LOCK } from '../checkpoint/names.js';
import { bytesOf, spaceWarning } from './run-directory.js';
import { tinyHead, tinyModel } from './testing/tiny.js';
import { collect, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';

const directories: string[] = [];
async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'attune-run-'));
  directories.push(path);
  return path;
}
afterAll(async () => {
  for (const path of directories) await rm(path, { recursive: true, force: true });
});

describe('T25: a directory in use', () => {
  const lockOf = (changes: object) =>
    JSON.stringify({ pid: process.pid, host: hostname(), started: new Date().toISOString(), id: 'other', ...changes });

  test('by this process', async () => {
    const path = await directory();
    const trainer = tinyTrainer(nodeStorage(path));
    const events = trainer.train();
    await events.next();
    await expect(collect(tinyTrainer(nodeStorage(path)), { resume: true })).rejects.toMatchObject({
      code: 'E_LOCKED',
      message: expect.stringMatching(new RegExp(`process ${process.pid} on ${hostname()} since 20`)),
    });
    const before = await readdir(path);
    await expect(tinyTrainer(nodeStorage(path)).check({ resume: true })).rejects.toMatchObject({ code: 'E_LOCKED' });
    expect(await readdir(path)).toEqual(before);
    await events.return();
    expect(await readdir(path)).toEqual([]);
  });

  test('by another host, just now', async () => {
    const path = await directory();
    await writeFile(join(path, LOCK), lockOf({ host: 'elsewhere' }));
    await expect(collect(tinyTrainer(nodeStorage(path)))).rejects.toThrow(/on elsewhere since/);
    expect(await readdir(path)).toEqual([LOCK]);
  });

  const stale: Readonly<Record<string, object | string>> = {
    'a dead process': { pid: 2 ** 22 - 3 },
    'another host, untouched for long': { host: 'elsewhere' },
    'this pid before a restart': { started: '2020-01-01T00:00:00.000Z' },
    'nobody that can be read': '{"pid":',
  };
  test.each(Object.entries(stale))('a lock of %s is taken over', async (_, holder) => {
    const path = await directory();
    await writeFile(join(path, LOCK), typeof holder === 'string' ? holder : lockOf(holder));
    const past = new Date(Date.now() - 3_600_000);
    await utimes(join(path, LOCK), past, past);
    await using trainer = tinyTrainer(nodeStorage(path), { maxSteps: 2 });
    await trainer.check();
    expect(await readdir(path)).toEqual([LOCK]);
    expect((await collect(trainer)).at(-1)).toMatchObject({ reason: 'completed' });
    expect(await readdir(path)).toEqual(['checkpoint-2', 'latest.json']);
  });
});

describe('T25: what is not ours', () => {
  test('a new run does not begin among files', async () => {
    const path = await directory();
    await writeFile(join(path, 'notes.txt'), 'mine');
    await expect(collect(tinyTrainer(nodeStorage(path)))).rejects.toMatchObject({
      code: 'E_OUTPUT_EXISTS',
      message: expect.stringContaining('notes.txt'),
    });
    expect(await readdir(path)).toEqual(['notes.txt']);
  });

  test('a new run does not begin in another one, nor a resumed one over a finished model', async () => {
    const output = new MemoryStorage();
    await using trainer = tinyTrainer(output, { maxSteps: 2 });
    await collect(trainer);
    await expect(collect(trainer)).rejects.toMatchObject({
      code: 'E_OUTPUT_EXISTS',
      message: expect.stringMatching(/another run/),
    });
    const finished = new MemoryStorage();
    await writeStored(finished, 'model.safetensors', 'weights');
    await expect(collect(tinyTrainer(finished), { resume: true })).rejects.toMatchObject({ code: 'E_OUTPUT_EXISTS' });
  });

  test('nothing of others is removed in a whole run with resumption and rotation', async () => {
    const path = await directory();
    const foreign = ['.tmp-mine', '.tmp-3-old', 'checkpoint-old', 'checkpoint-1.bak', 'latest.json.tmp', 'notes.txt'];
    for (const name of foreign) {
      await mkdir(join(path, name));
      await writeFile(join(path, name, 'canary'), name);
    }
    await mkdir(join(path, '.tmp-4-00000000-0000-4000-8000-000000000000'));
    await using trainer = tinyTrainer(nodeStorage(path), { saveSteps: 1, saveTotalLimit: 1, evalStrategy: 'no' });
    await collect(trainer, { resume: true });
    expect(await checkpointSteps(nodeStorage(path))).toEqual([12]);
    for (const name of foreign) expect(await readFile(join(path, name, 'canary'), 'utf8')).toBe(name);
    expect((await readdir(path)).filter((name) => name.startsWith('.')).sort()).toEqual(['.tmp-3-old', '.tmp-mine']);
  });
});

describe('audit L9: the warning about space', () => {
  const floats = (count: number) => [tensorType([count], 'f32')];
  const needs = { checkpoint: floats(100), kept: 2, model: floats(50) };
  const withFree = (bytes: number): Storage => ({
    ...stoppingStorage(new MemoryStorage()),
    freeBytes: async () => bytes,
  });

  test('counts checkpoints, one being written, and the finished model', async () => {
    expect(await spaceWarning(withFree(1400), needs)).toBeUndefined();
    expect(await spaceWarning(withFree(1399), needs)).toBe(
      'memory has 1399 bytes free; 2 checkpoints, one being written and the finished model need 1400.',
    );
    expect(await spaceWarning(withFree(599), { ...needs, kept: 0 })).toMatch(
      /a checkpoint and the finished model need 600/,
    );
  });

  test('counts a whole model also if little of it trains', async () => {
    const { weights } = tinyModel();
    const model = bytesOf([...weights.values()].map(({ type }) => type));
    await using trainer = tinyTrainer(withFree(model), { strategy: tinyHead, maxSteps: 1, saveStrategy: 'no' });
    const warnings = (await collect(trainer)).flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings).toEqual([expect.stringMatching(/a checkpoint and the finished model need/)]);
  });
});

describe('T20: the disk is full', () => {
  /** Fails like a full disk at the byte `limit` of the file `name` in the save of step 8. */
  function filling(storage: Storage, name: string, limit: number): Storage & { full: boolean } {
    const faulty = {
      full: true,
      name: storage.name,
      exists: (path: string) => storage.exists(path),
      size: (path: string) => storage.size(path),
      read: storage.read.bind(storage),
      list: (path: string) => storage.list(path),
      makeDirectory: (path: string) => storage.makeDirectory(path),
      rename: (from: string, to: string) => storage.rename(from, to),
      remove: (path: string) => storage.remove(path),
      syncDirectory: (path: string) => storage.syncDirectory(path),
      lock: (path: string) => storage.lock(path),
      requireUnlocked: (path: string) => storage.requireUnlocked(path),
      freeBytes: async () => 12,
      async create(path: string) {
        const writer = await storage.create(path);
        let written = 0;
        return {
          ...writer,
          async write(bytes: Uint8Array) {
            written += bytes.length;
            if (faulty.full && path.startsWith('.tmp-8-') && path.endsWith(name) && written > limit) {
              await writer.abort();
              throw new AttuneError('E_DISK', `${path} cannot be written: the disk is full.`, { file: path });
            }
            await writer.write(bytes);
          },
        };
      },
    };
    return faulty;
  }

  test.each([
    ['trainable.safetensors', 0],
    ['trainable.safetensors', 700],
    ['optimizer.safetensors', 1500],
    ['trainer.json', 0],
    ['manifest.json', 0],
  ])('in %s after %i bytes', async (name, limit) => {
    const expected = tinyTrainer(undefined);
    await collect(expected);
    const memory = new MemoryStorage();
    const output = filling(memory, name, limit);
    const trainer = tinyTrainer(output);
    await expect(collect(trainer)).rejects.toMatchObject({ code: 'E_DISK', file: expect.stringContaining(name) });
    expect((await discoverCheckpoint(memory)).found?.path).toBe('checkpoint-4');
    expect((await memory.list('')).map((entry) => entry.name)).toEqual(['checkpoint-4', 'latest.json']);
    output.full = false;
    const events = await collect(trainer, { resume: true });
    expect(events.find(({ type }) => type === 'warning')).toMatchObject({
      message: expect.stringMatching(/12 bytes free/),
    });
    expect(numbersOf(await trainer.weights())).toEqual(numbersOf(await expected.weights()));
    await trainer[Symbol.asyncDispose]();
    await expected[Symbol.asyncDispose]();
  });

  const isRoot = process.getuid?.() === 0;
  test.runIf(process.platform === 'linux' && isRoot)('for real: a file system of 64 kB', async ({ skip }) => {
    const path = await directory();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]).status === 0;
    if (!mounted) skip('this system does not let its root user mount');
    try {
      const output = nodeStorage(path);
      const run = collect(tinyTrainer(output, { saveSteps: 1, saveTotalLimit: 5 }));
      await expect(run).rejects.toMatchObject({
        code: 'E_DISK',
        message: expect.stringMatching(/disk is full \(\d+ bytes needed, \d+ bytes are free\)/),
      });
      const { found } = await discoverCheckpoint(output);
      expect(found?.manifest.step).toBeGreaterThan(0);
      expect((await output.list('')).filter(({ name }) => name.startsWith('.'))).toEqual([]);
    } finally {
      spawnSync('umount', [path]);
    }
  });

  test('a directory that cannot be made', async () => {
    const path = await directory();
    await writeFile(join(path, 'file'), '');
    const trainer = tinyTrainer(nodeStorage(join(path, 'file/run')));
    await expect(collect(trainer)).rejects.toMatchObject({ code: 'E_DISK', file: expect.stringContaining('file/run') });
  });
});
