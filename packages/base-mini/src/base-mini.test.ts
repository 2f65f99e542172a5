import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeStorage } from '@attune/hub/node';
import { loadModel, sequenceClassification } from '@attune/models';
import { describe, expect, it } from 'vitest';
import { baseMini, baseMiniFiles } from './index.js';

const directory = fileURLToPath(baseMini);
const sent: { readonly files: readonly string[] } = JSON.parse(readFileSync(`${directory}package.json`, 'utf8'));
const files = sent.files.filter((file) => !['dist', 'NOTICE'].includes(file));
const isBuilt = existsSync(`${directory}model.safetensors`);

it('points to the directory and to files in it', () => {
  expect(existsSync(`${directory}package.json`)).toBe(true);
  for (const [name, url] of Object.entries(baseMiniFiles)) expect(fileURLToPath(url)).toBe(directory + name);
});

describe.skipIf(isBuilt)('not built yet: npm run pretrain:base makes it', () => {
  it('has none of its files', () => {
    expect(files.filter((file) => existsSync(directory + file))).toEqual([]);
  });
});

describe.skipIf(!isBuilt)('the files', () => {
  it('are all there, of the recipe, and at most 12 MB', () => {
    const bytes = files.reduce((sum, file) => sum + statSync(directory + file).size, 0);
    expect(bytes).toBeLessThanOrEqual(12_000_000);
    const { sha256 }: { readonly sha256: string } = JSON.parse(readFileSync(`${directory}recipe.json`, 'utf8'));
    const found = createHash('sha256')
      .update(readFileSync(`${directory}model.safetensors`))
      .digest('hex');
    expect(found).toBe(sha256);
  });

  it('load as an encoder and as a classifier', async () => {
    const { created, model } = await loadModel(nodeStorage(directory), { task: 'feature-extraction' });
    expect(created).toEqual([]);
    expect(model.architecture).toBe('bert');
    const { tokenizer } = await sequenceClassification(directory, { labels: ['a', 'b'] });
    expect(tokenizer.vocabularySize).toBe(model.config.vocab_size);
  });
});
