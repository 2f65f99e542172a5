import { expect, test } from 'vitest';
import { commitModel, isModelDraft, removeModelDrafts } from './commit-model.js';
import { MemoryStorage } from './memory-storage.js';
import { readText, type Storage, writeFile } from './storage.js';
import { stoppingStorage } from './testing/stopping-storage.js';

const model = ['config.json', 'model.safetensors', 'tokenizer.json', 'attune.json'];
const sharded = ['config.json', 'model-00001-of-00002.safetensors', 'model.safetensors.index.json'];
const int8 = ['config.json', 'model.int8.safetensors', 'attune.json'];
const adapter = ['adapter_config.json', 'adapter_model.safetensors', 'attune.json'];
const based = [...adapter, ...model.map((file) => `base/${file}`)];
const named = adapter.map((file) => `intents/${file}`);
const layouts = { model, sharded, int8, adapter, based, named };

/** Writes the marker first, so that the order is not the writer's merit. */
const commit = (target: Storage, files: readonly string[], version: string) =>
  commitModel(target, async (draft) => {
    for (const file of files) await writeFile(draft, file, version);
  });

/** The version of each model or adapter that readers would find, and of everything that they would read with it. */
async function seen(storage: Storage): Promise<ReadonlySet<string>[]> {
  const found: ReadonlySet<string>[] = [];
  const version = async (path: string) => ((await storage.exists(path)) ? [await readText(storage, path)] : []);
  for (const directory of ['', 'base/', 'intents/']) {
    const marker = (await storage.exists(`${directory}adapter_config.json`)) ? 'adapter_config.json' : 'config.json';
    if (!(await storage.exists(directory + marker))) continue;
    const weights =
      marker === 'adapter_config.json'
        ? ['adapter_model.safetensors']
        : ['model.safetensors', 'model.safetensors.index.json', 'model.int8.safetensors'];
    const all = await Promise.all([marker, 'attune.json', ...weights].map((file) => version(directory + file)));
    const hasWeights = all.slice(2).some((versions) => versions.length > 0);
    found.push(new Set(hasWeights ? all.flat() : ['no weights']));
  }
  return found;
}

test.each([
  ['model', 'model'],
  ['model', 'sharded'],
  ['model', 'int8'],
  ['model', 'adapter'],
  ['sharded', 'model'],
  ['int8', 'sharded'],
  ['adapter', 'adapter'],
  ['adapter', 'model'],
  ['adapter', 'based'],
  ['based', 'based'],
  ['based', 'model'],
  ['named', 'named'],
] satisfies [keyof typeof layouts, keyof typeof layouts][])(
  'audit F6: %s, then %s: killed at any point it is one of them, or none',
  async (before, after) => {
    const begin = async () => {
      const memory = new MemoryStorage();
      await commit(memory, layouts[before], 'before');
      return memory;
    };
    const whole = stoppingStorage(await begin());
    await commit(whole, layouts[after], 'after');
    expect(whole.changes).toBeGreaterThan(layouts[after].length * 2);
    for (let limit = 0; limit <= whole.changes; limit++) {
      const memory = await begin();
      const killed = await commit(stoppingStorage(memory, limit), layouts[after], 'after').then(
        () => false,
        () => true,
      );
      expect(killed || limit >= whole.changes - 1).toBe(true);
      for (const versions of await seen(memory)) {
        expect([['before'], ['after']], `after ${limit} changes`).toContainEqual([...versions]);
      }
      await removeModelDrafts(memory);
      await commit(memory, layouts[after], 'again');
      for (const file of layouts[after]) expect(await readText(memory, file)).toBe('again');
      expect((await memory.list('')).filter(({ name }) => name.startsWith('.'))).toEqual([]);
    }
  },
);

test('audit F6: what cannot be written leaves the older model as it is', async () => {
  const memory = new MemoryStorage();
  await commit(memory, model, 'before');
  const failed = commitModel(memory, async (draft) => {
    await writeFile(draft, 'model.safetensors', 'after');
    throw new Error('the disk is full');
  });
  await expect(failed).rejects.toThrow('the disk is full');
  expect((await memory.list('')).map(({ name }) => name)).toEqual([...model].sort());
  for (const file of model) expect(await readText(memory, file)).toBe('before');
});

test('audit F8: only what commitModel left is removed', async () => {
  const memory = new MemoryStorage();
  const mine = ['.tmp-model-mine', '.tmp-model-1', `x.tmp-model-${crypto.randomUUID()}`, 'model.safetensors.tmp'];
  for (const name of mine) await writeFile(memory, `${name}/file`, '');
  await writeFile(memory, `.tmp-model-${crypto.randomUUID()}/model.safetensors`, '');
  await removeModelDrafts(memory);
  expect((await memory.list('')).map(({ name }) => name).sort()).toEqual([...mine].sort());
  expect(mine.some(isModelDraft)).toBe(false);
});
