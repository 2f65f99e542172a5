import { adaptModel } from '@attune/core';
import { MemoryStorage, type Storage, writeFile } from '@attune/hub';
import { mutatedJson } from '@attune/hub/testing/json-mutations';
import { mutationRuns, mutationTimeout, Survival } from '@attune/hub/testing/survives';
import { loadModel } from '@attune/models';
import { readAttuneFile, requireAdapterBase } from '@attune/models/internal';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { sequenceClassificationTask } from '@attune/tasks';
import fc from 'fast-check';
import { beforeAll, describe, test } from 'vitest';
import { labelCountOf } from './adapters/label-count.js';
import { loadAdapter } from './adapters/load.js';
import { openAdapter } from './adapters/open.js';
import { lora } from './lora.js';

let base: MemoryStorage;
let adapter: MemoryStorage;
beforeAll(async () => {
  base = await writeTinyBert(new MemoryStorage('base'));
  const model = await loadModel(base, { task: 'sequence-classification', labels: ['a', 'b'] });
  const { adaptation, weights } = adaptModel(model.model, model.weights, [lora({ r: 2 })], 0, model.created);
  adapter = new MemoryStorage('adapter');
  await adaptation.adapter?.save(adapter, weights, 'base');
});

/** A directory's files with one of them changed. */
async function changed(from: Storage, file: string, text: string): Promise<MemoryStorage> {
  const storage = new MemoryStorage(from.name);
  for (const { name } of await from.list('')) await writeFile(storage, name, await from.read(name));
  await writeFile(storage, file, text);
  return storage;
}

const textOf = async (storage: Storage, file: string): Promise<string> =>
  new TextDecoder().decode(await storage.read(file));

/** Opens an adapter on its base, as the command does. */
async function open(storage: Storage): Promise<void> {
  const saved = await readAttuneFile(storage);
  const opened = await openAdapter(storage);
  const labelCount = labelCountOf(opened, sequenceClassificationTask);
  const loaded = await loadModel(base, {
    task: 'sequence-classification',
    ...(saved?.labels ? { labels: saved.labels } : labelCount === undefined ? {} : { labelCount }),
  });
  await loadAdapter(storage, loaded.model);
  await requireAdapterBase(storage, loaded);
}

async function survive(name: string, valid: unknown, read: (text: string) => Promise<unknown>): Promise<void> {
  const survival = new Survival();
  const property = fc.asyncProperty(mutatedJson(valid), (text) => survival.read(() => read(text)));
  await fc.assert(property, mutationRuns);
  console.log(`mutations of ${name}: ${survival}`);
}

describe('audit F7: changed files end well, or in an AttuneError within the budget', () => {
  test(
    'config.json',
    async () => {
      const valid = { ...JSON.parse(await textOf(base, 'config.json')), id2label: { 0: 'a', 1: 'b' }, num_labels: 2 };
      await survive('config.json', valid, async (text) =>
        loadModel(await changed(base, 'config.json', text), { task: 'sequence-classification' }),
      );
    },
    mutationTimeout,
  );

  test(
    'adapter_config.json',
    async () => {
      const valid = {
        ...JSON.parse(await textOf(adapter, 'adapter_config.json')),
        target_modules: '.*(query|value)',
        rank_pattern: { query: 2 },
        alpha_pattern: { '.*value': 4 },
        exclude_modules: ['key'],
      };
      await survive('adapter_config.json', valid, async (text) =>
        open(await changed(adapter, 'adapter_config.json', text)),
      );
    },
    mutationTimeout,
  );

  test(
    'attune.json',
    async () => {
      const valid = {
        task: 'sequence-classification',
        labels: ['a', 'b'],
        problemType: 'single_label_classification',
        maxLength: 64,
        baseSha256: 'x',
      };
      await survive('attune.json', valid, async (text) => open(await changed(adapter, 'attune.json', text)));
    },
    mutationTimeout,
  );
});

describe('audit F7: many entries in adapter_config.json', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => `encoder.layer.${index}.query`);
  const counted = Object.fromEntries(many.map((name) => [name, 2]));

  test.each<[string, unknown]>([
    ['r', 1e9],
    ['lora_alpha', 1e300],
    ['modules_to_save', many],
    ['target_modules', many],
    ['exclude_modules', many],
    ['rank_pattern', counted],
    ['alpha_pattern', counted],
    ['layers_to_transform', many.map((_, index) => index)],
    ['layers_pattern', many],
  ])('%s', async (field, value) => {
    const valid = JSON.parse(await textOf(adapter, 'adapter_config.json'));
    const storage = await changed(adapter, 'adapter_config.json', JSON.stringify({ ...valid, [field]: value }));
    await new Survival().read(() => open(storage));
  });
});
