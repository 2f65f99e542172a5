import { hostTensor } from '@attune/ir';
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
  ['a tensor that the shard lacks', { a: 'two.safetensors', c: 'two.safetensors' }, 'a', /which lacks it/],
  ['not all of a shard', { a: 'one.safetensors', c: 'two.safetensors' }, 'b', /does not name "b" of model\/one/],
])('T10: an index with %s is refused', async (_, weightMap, field, message) => {
  await expect(openWeights(await sharded(weightMap))).rejects.toMatchObject({
    code: 'E_SAFETENSORS_INDEX',
    file: 'model/model.safetensors.index.json',
    field,
    message: expect.stringMatching(message),
  });
});
