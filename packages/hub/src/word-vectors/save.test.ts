import { hostTensor } from '@attune/ir';
import { expect, it } from 'vitest';
import { MemoryStorage } from '../memory-storage.js';
import { loadWordVectors, type WordVectorFormat, type WordVectors } from './load.js';
import { writeWordVectors } from './save.js';

const values = Float32Array.of(1 / 3, -1e-20, 0, 3e38, 0.1, -7);
const vectors: WordVectors = {
  vocabulary: new Map([
    ['the', 0],
    ['語', 1],
  ]),
  vectors: hostTensor([2, 3], values),
};

async function saved(format: WordVectorFormat, path: string, given = vectors): Promise<MemoryStorage> {
  const storage = new MemoryStorage('dir');
  const writer = await storage.create(path);
  await writeWordVectors(writer, given, format);
  await writer.close();
  return storage;
}

it.each<[WordVectorFormat, string]>([
  ['glove', 'v.txt'],
  ['word2vec', 'v.vec'],
  ['word2vec-binary', 'v.bin'],
])('issue 18: %s is read as it was written, bit for bit', async (format, path) => {
  const found = await loadWordVectors(await saved(format, path), path);
  expect([...found.vocabulary]).toEqual([...vectors.vocabulary]);
  expect(found.vectors.data).toEqual(values);
});

it('refuses a word that the formats cannot hold', async () => {
  const given = { ...vectors, vocabulary: new Map([['new york', 0]]) };
  await expect(saved('word2vec', 'v.txt', given)).rejects.toMatchObject({ code: 'E_WORD_VECTORS' });
});
