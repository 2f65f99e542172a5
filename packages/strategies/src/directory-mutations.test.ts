/** T04, T10: model and adapter directories, opened whole, whose files are missing, swapped, cut or changed. */
import { adaptModel } from '@attune/core';
import { MemoryStorage } from '@attune/hub';
import { type Files, filesOf, mutatedFiles, storageOf } from '@attune/hub/testing/file-mutations';
import { mutationRuns, mutationTimeout, Survival } from '@attune/hub/testing/survives';
import { loadModel, sequenceClassification } from '@attune/models';
import { readAttuneFile, requireAdapterBase } from '@attune/models/internal';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { sequenceClassificationTask } from '@attune/tasks';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { labelCountOf } from './adapters/label-count.js';
import { loadAdapter } from './adapters/load.js';
import { openAdapter } from './adapters/open.js';
import { lora } from './lora.js';

const labels = ['a', 'b'];
let base: MemoryStorage;
let model: Files;
let adapter: Files;
beforeAll(async () => {
  base = await writeTinyBert(new MemoryStorage('base'));
  const loaded = await sequenceClassification(base, { labels });
  const { adaptation, weights } = adaptModel(loaded.model, loaded.weights, [lora({ r: 2 })], 0, loaded.created);
  const target = new MemoryStorage('adapter');
  await adaptation.adapter?.save(target, weights, 'base');
  await loaded.describe(target);
  adapter = await filesOf(target);
  const whole = new MemoryStorage('model');
  await loaded.save(whole, loaded.weights);
  await loaded.describe(whole);
  model = await filesOf(whole);
});

const encode = async ({ tokenizer, maxLength }: Awaited<ReturnType<typeof sequenceClassification>>) =>
  tokenizer.encode(['the cat sat', 'bonn?'], { truncation: true, maxLength, padding: true });

async function openModel(files: Files): Promise<void> {
  const storage = await storageOf(files, 'model');
  await readAttuneFile(storage);
  await encode(await sequenceClassification(storage));
}

/** Opens an adapter on its base, as the command does. */
async function open(files: Files): Promise<void> {
  const storage = await storageOf(files, 'adapter');
  const saved = await readAttuneFile(storage);
  const labelCount = labelCountOf(await openAdapter(storage), sequenceClassificationTask);
  const loaded = await loadModel(base, {
    task: 'sequence-classification',
    ...(saved?.labels ? { labels: saved.labels } : labelCount === undefined ? {} : { labelCount }),
  });
  await loadAdapter(storage, loaded.model);
  await requireAdapterBase(storage, loaded);
}

const directories = { model: [() => model, openModel], adapter: [() => adapter, open] } as const;

test.each(Object.entries(directories))(
  'T10 weights-mismatch: mutations of a whole %s directory',
  async (name, [valid, read]) => {
    const survival = new Survival();
    const property = fc.asyncProperty(mutatedFiles(valid()), (files) => survival.read(() => read(files)));
    await fc.assert(property, mutationRuns);
    console.log(`mutations of a ${name} directory: ${survival}`);
    expect(survival.acceptedShare).toBeGreaterThan(0.02);
    await expect(read(valid())).resolves.toBeUndefined();
  },
  mutationTimeout,
);
