import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryStorage } from './memory-storage.js';
import { copyTokenizer } from './model-directory.js';
import { nodeModelDirectory } from './node-model-directory.js';
import { readText } from './storage.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-links-'));
  for (const path of ['model', 'cache/models--a--b/snapshots/1', 'cache/models--a--b/blobs', 'outside']) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  writeFileSync(join(folder, 'outside/secret'), 'secret');
  writeFileSync(join(folder, 'cache/models--a--b/blobs/5f'), 'vocabulary');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('audit F14: links in a model directory', () => {
  test.each<[string, string, string]>([
    ['an absolute one', 'vocab.txt', 'outside/secret'],
    ['to a directory', 'vocab.txt', 'outside'],
    ['to a device', 'vocab.txt', '/dev/zero'],
  ])('%s that leads out is refused by its name', async (_, name, target) => {
    symlinkSync(target.startsWith('/') ? target : join(folder, target), join(folder, 'model', name));
    const storage = nodeModelDirectory(join(folder, 'model'));
    const refused = { code: 'E_PATH_ESCAPE', file: join(folder, 'model', name), hint: expect.any(String) };
    await expect(storage.read(name)).rejects.toMatchObject(refused);
    await expect(storage.size(name)).rejects.toMatchObject(refused);
    await expect(storage.list(name)).rejects.toMatchObject(refused);
    const copy = new MemoryStorage();
    await expect(copyTokenizer(storage, copy)).rejects.toMatchObject(refused);
    expect(await copy.list('')).toEqual([]);
  });

  test('through a directory, a relative path or another link', async () => {
    symlinkSync(join(folder, 'outside'), join(folder, 'model/inner'));
    symlinkSync('../outside/secret', join(folder, 'model/merges.txt'));
    symlinkSync('merges.txt', join(folder, 'model/vocab.json'));
    const storage = nodeModelDirectory(join(folder, 'model'));
    for (const path of ['inner/secret', 'merges.txt', 'vocab.json']) {
      await expect(storage.read(path)).rejects.toMatchObject({ code: 'E_PATH_ESCAPE' });
    }
  });

  test('blobs that are themselves a link lead out', async () => {
    mkdirSync(join(folder, 'other/snapshots/1'), { recursive: true });
    symlinkSync(join(folder, 'outside'), join(folder, 'other/blobs'));
    symlinkSync('../../blobs/secret', join(folder, 'other/snapshots/1/vocab.txt'));
    const storage = nodeModelDirectory(join(folder, 'other/snapshots/1'));
    await expect(storage.read('vocab.txt')).rejects.toMatchObject({ code: 'E_PATH_ESCAPE' });
  });

  test('within the directory, from the root and into the blobs of the Hugging Face cache they are followed', async () => {
    writeFileSync(join(folder, 'model/own.txt'), 'own');
    symlinkSync('own.txt', join(folder, 'model/vocab.txt'));
    symlinkSync(join(folder, 'model'), join(folder, 'alias'));
    expect(await readText(nodeModelDirectory(join(folder, 'alias')), 'vocab.txt')).toBe('own');
    symlinkSync('../../blobs/5f', join(folder, 'cache/models--a--b/snapshots/1/vocab.txt'));
    const snapshot = nodeModelDirectory(join(folder, 'cache/models--a--b/snapshots/1'));
    expect(await readText(snapshot, 'vocab.txt')).toBe('vocabulary');
    expect(await snapshot.exists('nothing')).toBe(false);
  });
});
