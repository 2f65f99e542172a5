import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStorage, type Storage, writeFile } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { stoppingStorage } from '@attune/hub/testing/stopping-storage';
import { AttuneError } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { inspectRunDirectory, openRunDirectory } from '../trainer/run-directory.js';
import { checkpointSteps } from './names.js';
import { rotateCheckpoints, saveCheckpoint } from './save.js';
import { marked, markOf } from './testing/marked.js';

const namesIn = async (storage: Storage) => (await storage.list('')).map(({ name }) => name);

async function saved(...steps: readonly number[]): Promise<MemoryStorage> {
  const memory = new MemoryStorage();
  for (const step of steps) await saveCheckpoint(memory, marked(step, 'old'));
  return memory;
}

describe('T19 kill-points: replacing a checkpoint of the same step', () => {
  test('killed after any change, the old one or the new one is whole', async () => {
    const whole = stoppingStorage(await saved(4));
    await saveCheckpoint(whole, marked(4, 'newer'));
    const seen = new Set<string>();
    let unplaced = 0;
    for (let limit = 0; limit < whole.changes; limit++) {
      const memory = await saved(4);
      await expect(saveCheckpoint(stoppingStorage(memory, limit), marked(4, 'newer'))).rejects.toThrow('killed');
      const before = await namesIn(memory);
      if (!before.includes('checkpoint-4')) unplaced += 1;
      for (const resume of [true, 'checkpoint-4']) {
        const { found } = await inspectRunDirectory(memory, resume);
        seen.add(await markOf(memory, found));
        expect(await namesIn(memory)).toEqual(before);
      }
      await expect(openRunDirectory(memory, false)).rejects.toMatchObject({ code: 'E_OUTPUT_EXISTS' });
      const { found } = await openRunDirectory(memory, true);
      seen.add(await markOf(memory, found));
      expect(await namesIn(memory)).toEqual(['checkpoint-4', 'latest.json']);
    }
    expect([...seen].sort()).toEqual(['4 newer', '4 old']);
    expect(unplaced).toBeGreaterThan(0);
  });

  test('a new one that cannot take its place leaves the old one there', async () => {
    const memory = await saved(4);
    const before = await memory.read('checkpoint-4/manifest.json');
    let renames = 0;
    const stuck: Storage = {
      ...stoppingStorage(memory),
      async rename(from, to) {
        renames += 1;
        if (renames === 2) throw new AttuneError('E_DISK', 'the disk does not answer');
        await memory.rename(from, to);
      },
    };
    await expect(saveCheckpoint(stuck, marked(4, 'newer'))).rejects.toThrow('the disk does not answer');
    expect(await memory.read('checkpoint-4/manifest.json')).toEqual(before);
    expect(await namesIn(memory)).toEqual(['checkpoint-4', 'latest.json']);
  });

  test('a checkpoint whose removal was cut short does not come back', async () => {
    const memory = await saved(2, 4);
    await rotateCheckpoints(stoppingStorage(memory, 1), { limit: 1, newest: 4, keep: new Set() }).catch(() => {});
    expect(await checkpointSteps(memory)).toEqual([4]);
    await openRunDirectory(memory, true);
    expect(await namesIn(memory)).toEqual(['checkpoint-4', 'latest.json']);
  });
});

test('audit L1: a checkpoint that is a link is not passed over in silence, and can be named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-link-'));
  try {
    const output = nodeStorage(join(folder, 'run'));
    await saveCheckpoint(output, marked(4, 'old'));
    await saveCheckpoint(nodeStorage(join(folder, 'elsewhere')), marked(6, 'linked'));
    symlinkSync(join(folder, 'elsewhere/checkpoint-6'), join(folder, 'run/checkpoint-6'));
    const { found, warnings } = await openRunDirectory(output, true);
    expect(found?.path).toBe('checkpoint-4');
    expect(warnings).toEqual([expect.stringMatching(/A newer checkpoint is not used: checkpoint-6 is a link/)]);
    const named = await openRunDirectory(output, 'checkpoint-6');
    expect(await markOf(output, named.found)).toBe('6 linked');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A storage in which temporaries cannot be removed, as if they were another user's. */
const keeping = (memory: MemoryStorage): Storage => ({
  ...stoppingStorage(memory),
  async remove(path) {
    if (path.startsWith('.tmp-')) throw new AttuneError('E_DISK', `${path} cannot be used: no permission.`);
    await memory.remove(path);
  },
});

test('audit L2: what cannot be removed is told, and stops neither the save nor a later start', async () => {
  const memory = await saved(2, 4);
  const output = keeping(memory);
  const told = [expect.stringMatching(/^memory\/\S+ is no longer needed and cannot be removed: .*no permission/)];
  expect((await saveCheckpoint(output, marked(4, 'newer'))).warnings).toEqual(told);
  expect(await rotateCheckpoints(output, { limit: 1, newest: 4, keep: new Set() })).toEqual(told);
  const { found, warnings } = await openRunDirectory(output, true);
  expect(await markOf(output, found)).toBe('4 newer');
  expect(warnings).toEqual([...told, ...told]);
});

test('audit L10: damaged checkpoints of later steps take no place among those that are kept', async () => {
  const memory = await saved(2, 4, 8, 10);
  for (const step of [8, 10]) await writeFile(memory, `checkpoint-${step}/trainer.json`, 'damaged');
  expect((await openRunDirectory(memory, true)).found?.path).toBe('checkpoint-4');
  await saveCheckpoint(memory, marked(6, 'next'));
  await rotateCheckpoints(memory, { limit: 2, newest: 6, keep: new Set() });
  expect(await checkpointSteps(memory)).toEqual([4, 6, 8, 10]);
  await saveCheckpoint(memory, marked(8, 'next'));
  await rotateCheckpoints(memory, { limit: 2, newest: 8, keep: new Set() });
  expect(await checkpointSteps(memory)).toEqual([6, 8, 10]);
});
