import { expect, test } from 'vitest';
import { openAdapterFiles } from './adapter.js';
import { MemoryStorage } from './memory-storage.js';
import { readModelConfig } from './model-directory.js';
import { openWeights } from './safetensors/open-weights.js';
import { writeFile } from './storage.js';
import { loadTokenizer } from './tokenizer.js';

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 90868376\n`;

test.each<[string, (storage: MemoryStorage) => Promise<unknown>]>([
  ['model.safetensors', openWeights],
  ['model.safetensors.index.json', openWeights],
  ['config.json', readModelConfig],
  ['tokenizer.json', loadTokenizer],
  ['adapter_config.json', openAdapterFiles],
])('field 19: a pointer of Git LFS in place of %s', async (name, open) => {
  const storage = new MemoryStorage('model');
  await writeFile(storage, name, pointer);
  await expect(open(storage)).rejects.toMatchObject({
    code: 'E_LFS_POINTER',
    file: `model/${name}`,
    message: expect.stringContaining('90868376 bytes'),
    hint: expect.stringContaining('git lfs pull'),
  });
});
