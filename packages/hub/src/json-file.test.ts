import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAdapterFiles } from './adapter.js';
import { readJson } from './json-file.js';
import { MemoryStorage } from './memory-storage.js';
import { nodeStorage } from './node-storage.js';
import { openWeights } from './safetensors/open-weights.js';
import { type Storage, writeFile } from './storage.js';
import { loadTokenizer } from './tokenizer.js';

const limits = { maxBytes: 200, maxDepth: 4, maxEntries: 10, maxKeys: 3 };

test.each<readonly [string, string, string | undefined]>([
  ['as many of each as may be', '{"a":[[[]]],"b":[1,2,3,4],"c":1}', undefined],
  ['signs in strings', `{"a":"${'[{:,\\"'.repeat(20)}"}`, undefined],
  ['a size', `"${'x'.repeat(199)}"`, 'has 201 bytes, the limit is 200'],
  ['depth', '[[[[[1]]]]]', 'nests more than 4 objects and lists'],
  ['entries', '[0,1,2,3,4,5,6,7,8,9,10]', 'has 11 entries, the limit is 10'],
  ['empty objects', '[{},{},{},{},{},{}]', 'has 12 entries'],
  ['keys', '{"a":1,"b":2,"c":3,"d":4}', 'has 4 keys, the limit is 3'],
  ['a text that ends in a string', '{"a":"[[[[[[', 'is not valid JSON'],
])('audit F7: %s', async (_, text, problem) => {
  const storage = new MemoryStorage('model');
  await writeFile(storage, 'a.json', text);
  const read = readJson(storage, 'a.json', limits);
  if (problem === undefined) await expect(read).resolves.toEqual(JSON.parse(text));
  else {
    const message = expect.stringContaining(`model/a.json ${problem}`);
    await expect(read).rejects.toMatchObject({ code: 'E_FILE_JSON', file: 'model/a.json', message });
  }
});

const mebibyte = 2 ** 20;

test.each<readonly [string, number, string, (storage: Storage) => Promise<unknown>]>([
  ['tokenizer.json', 64 * mebibyte, 'E_FILE_JSON', loadTokenizer],
  ['tokenizer_config.json', 64 * mebibyte, 'E_FILE_JSON', loadTokenizer],
  ['vocab.txt', 16 * mebibyte, 'E_TOKENIZER', loadTokenizer],
  ['config.json', 16 * mebibyte, 'E_FILE_JSON', loadTokenizer],
  ['adapter_config.json', 16 * mebibyte, 'E_FILE_JSON', openAdapterFiles],
  ['model.safetensors.index.json', 64 * mebibyte, 'E_FILE_JSON', openWeights],
])('audit F7: a sparse %s beyond %i bytes is not read', async (name, limit, code, read) => {
  const folder = await mkdtemp(join(tmpdir(), 'attune-json-'));
  try {
    const file = join(folder, name);
    await using handle = await open(file, 'w');
    await handle.truncate(limit + 1);
    const memory = process.memoryUsage.rss();
    const message = `${file} has ${limit + 1} bytes, the limit is ${limit}.`;
    await expect(read(nodeStorage(folder))).rejects.toMatchObject({ code, file, message });
    expect(process.memoryUsage.rss() - memory).toBeLessThan(16 * mebibyte);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('audit F7: a vocab.txt of a million lines is no vocabulary', async () => {
  const storage = new MemoryStorage('model');
  await writeFile(storage, 'vocab.txt', '\n'.repeat(1e6));
  await expect(loadTokenizer(storage)).rejects.toMatchObject({
    code: 'E_TOKENIZER',
    message: 'model/vocab.txt has more than 600000 lines.',
  });
});
