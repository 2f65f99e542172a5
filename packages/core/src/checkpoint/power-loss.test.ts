/** T19: the power goes at any operation of a save. What was not made durable may be lost, in any combination. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { below, readText, type Storage, writeFile } from '@attune/hub';
import { commitModel } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import { Disk } from '@attune/hub/testing/power-loss';
import type { DiskOperation } from '@attune/hub/testing/recorded-disk';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openRunDirectory } from '../trainer/run-directory.js';
import { rotateCheckpoints, saveCheckpoint } from './save.js';
import { marked, markOf } from './testing/marked.js';

const operations = vi.hoisted((): DiskOperation[] => []);
vi.mock('node:fs/promises', async (importActual) => {
  const actual = await importActual<typeof import('node:fs/promises')>();
  const { recordedDisk } = await import('@attune/hub/testing/recorded-disk');
  return { ...actual, ...recordedDisk(actual, operations) };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-power-'));
  operations.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a run would go on from. */
const resumed = async (directory: Storage) => markOf(directory, (await openRunDirectory(directory, true)).found);

/**
 * What `look` finds in the directory after a loss of power at each operation of `action`, and after its end.
 * @param before is done first
 */
async function outcomes(
  look: (directory: Storage) => Promise<string>,
  before: (output: Storage) => Promise<unknown>,
  action: (output: Storage) => Promise<unknown>,
) {
  const output = nodeStorage(join(folder, 'runs/x'));
  await before(output);
  const begin = operations.length;
  await action(output);
  const disk = new Disk(folder);
  const seen = { during: new Set<string>(), after: new Set<string>() };
  for (const [index, operation] of operations.entries()) {
    disk.apply(operation);
    if (index < begin) continue;
    const found = index === operations.length - 1 ? seen.after : seen.during;
    for await (const state of disk.afterPowerLoss()) found.add(await look(below(state, 'runs/x')));
  }
  return { during: [...seen.during].sort(), after: [...seen.after] };
}

describe('T19 kill-points: the power goes in a save', () => {
  const save = (step: number, mark: string) => (output: Storage) => saveCheckpoint(output, marked(step, mark));

  test('the first one', async () => {
    const seen = await outcomes(resumed, async () => {}, save(2, 'a'));
    expect(seen).toEqual({ during: ['2 a', 'nothing'], after: ['2 a'] });
  });

  test('a later one, after which the older checkpoint is removed', async () => {
    const seen = await outcomes(resumed, save(2, 'a'), async (output) => {
      await save(4, 'b')(output);
      await rotateCheckpoints(output, { limit: 1, newest: 4, keep: new Set() });
    });
    expect(seen).toEqual({ during: ['2 a', '4 b'], after: ['4 b'] });
  });

  test('one that replaces a checkpoint of the same step', async () => {
    const seen = await outcomes(resumed, save(4, 'a'), save(4, 'bb'));
    expect(seen).toEqual({ during: ['4 a', '4 bb'], after: ['4 bb'] });
  });

  test('that of the finished model over an older one', async () => {
    const files = ['config.json', 'model.safetensors', 'attune.json', 'base/config.json'];
    const commit = (mark: string) => (output: Storage) =>
      commitModel(output, async (draft) => {
        for (const file of files) await writeFile(draft, file, mark);
      });
    const model = async (directory: Storage) => {
      if (!(await directory.exists('config.json'))) return 'nothing';
      const marks = await Promise.all(files.map((file) => readText(directory, file)));
      return [...new Set(marks)].join(' and ');
    };
    const seen = await outcomes(model, commit('old'), commit('new'));
    expect(seen).toEqual({ during: ['new', 'nothing', 'old'], after: ['new'] });
  });
});
