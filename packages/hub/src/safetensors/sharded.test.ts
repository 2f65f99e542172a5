import { hostTensor } from '@attune/ir';
import { processorClock } from '@attune/testing/processor-clock';
import { expect, test } from 'vitest';
import { MemoryStorage } from '../memory-storage.js';
import { writeJson } from '../model-directory.js';
import { openWeights } from './open-weights.js';
import { inMemory } from './stored-tensor.js';
import { writeSafetensors } from './write.js';

async function sharded(weightMap: unknown): Promise<MemoryStorage> {
  const storage = new MemoryStorage('model');
  const tensor = (name: string) => [name, hostTensor([1], [1])] as const;
  await writeSafetensors(storage, 'one.safetensors', inMemory(new Map([tensor('a'), tensor('b')])));
  await writeSafetensors(storage, 'two.safetensors', inMemory(new Map([tensor('c')])));
  await writeSafetensors(storage, 'more.safetensors', inMemory(new Map([tensor('a'), tensor('d')])));
  await writeJson(storage, 'model.safetensors.index.json', { weight_map: weightMap });
  return storage;
}

test('an index that names all tensors', async () => {
  const index = { a: 'one.safetensors', b: 'one.safetensors', c: 'two.safetensors' };
  expect((await openWeights(await sharded(index))).names).toEqual(['a', 'b', 'c']);
});

test.each([
  ['a list', [], 'weight_map', /no weight_map/],
  ['nothing', {}, 'weight_map', /no weight_map/],
  ['no object', 'one.safetensors', 'weight_map', /no weight_map/],
  ['a number for a file', { a: 1 }, 'a', /names no file for "a"/],
  ['a tensor of several shards that it does not name', { b: 'one.safetensors', d: 'more.safetensors' }, 'a', /Several/],
])('T10: an index with %s is refused', async (_, weightMap, field, message) => {
  await expect(openWeights(await sharded(weightMap))).rejects.toMatchObject({
    code: 'E_SAFETENSORS_INDEX',
    file: 'model/model.safetensors.index.json',
    field,
    message: expect.stringMatching(message),
  });
});

test.each<[string, Readonly<Record<string, string>>, readonly string[], RegExp]>([
  [
    'names what its shards lack',
    { a: 'one.safetensors', b: 'one.safetensors', z: 'two.safetensors', c: 'two.safetensors' },
    ['a', 'b', 'c'],
    /names tensors that its shards lack: z$/,
  ],
  [
    'leaves tensors out',
    { a: 'one.safetensors', c: 'two.safetensors' },
    ['a', 'b', 'c'],
    /does not name tensors of its shards, or puts them elsewhere: b$/,
  ],
  [
    'puts a tensor elsewhere',
    { a: 'two.safetensors', b: 'one.safetensors', c: 'two.safetensors' },
    ['c', 'a', 'b'],
    /elsewhere: a$/,
  ],
])('field 18: an index that %s is read by its shards, with a warning', async (_, weightMap, names, warning) => {
  const source = await openWeights(await sharded(weightMap));
  expect(source.names).toEqual(names);
  expect(source.warnings).toEqual([expect.stringMatching(warning)]);
  expect((await source.read('a')).data[0]).toBe(1);
});

test('field 10: the single file is taken, whatever an index beside it says', async () => {
  const storage = await sharded({ a: 'gone-00001-of-00002.safetensors' });
  await writeSafetensors(storage, 'model.safetensors', inMemory(new Map([['own', hostTensor([1], [2])]])));
  expect((await openWeights(storage)).names).toEqual(['own']);
});

test('audit F7: 60,000 tensors of one shard are read in linear time', async () => {
  const storage = new MemoryStorage('model');
  const names = Array.from({ length: 60_000 }, (_, index) => `layer.${index}.weight`);
  await writeSafetensors(
    storage,
    'all.safetensors',
    inMemory(new Map(names.map((name) => [name, hostTensor([0], [])]))),
  );
  const weightMap = Object.fromEntries(names.map((name) => [name, 'all.safetensors']));
  await writeJson(storage, 'model.safetensors.index.json', { weight_map: weightMap });
  const seconds = processorClock();
  expect((await openWeights(storage)).names).toHaveLength(names.length);
  expect(seconds()).toBeLessThan(5);
});
