import { MemoryStorage, writeFile } from '@attune/hub';
import { expect, test } from 'vitest';
import { temporaryName } from '../checkpoint/names.js';
import type { ExampleSource } from '../training-data.js';
import { tinyDataset, tinyExamples, tinyModel } from './testing/tiny.js';
import { collect, tinyTrainer } from './testing/tiny-trainer.js';

const namesIn = async (storage: MemoryStorage) => (await storage.list('')).map(({ name }) => name);

test('T13 config-typo: check finds what train would refuse, and changes nothing', async () => {
  const output = new MemoryStorage();
  await using trainer = tinyTrainer(output, { maxSteps: 2 });
  await trainer.check();
  const left = temporaryName(1);
  await writeFile(output, `${left}/part`, '');
  await trainer.check();
  expect(await namesIn(output)).toEqual([left]);

  await collect(trainer);
  const after = await namesIn(output);
  await expect(trainer.check()).rejects.toMatchObject({ code: 'E_OUTPUT_EXISTS' });
  await trainer.check({ resume: true });
  await using other = tinyTrainer(output, { maxSteps: 2, seed: 7 });
  await expect(other.check({ resume: true })).rejects.toMatchObject({ code: 'E_RESUME_MISMATCH', field: 'seed' });
  await other.check({ resume: true, allowChange: ['seed'] });
  await expect(other.check({ resume: 'checkpoint-9' })).rejects.toMatchObject({ code: 'E_CHECKPOINT' });
  expect(await namesIn(output)).toEqual(after);
});

/** Examples of a name. */
const source = (name: string): ExampleSource => ({ name, kind: 'tests', async *[Symbol.asyncIterator]() {} });

/** A model that writes down what is asked of it. @param seed of the training data */
const encodingModel = (asked: string[], seed = 0) => ({
  ...tinyModel(),
  async check({ name }: ExampleSource) {
    asked.push(`check ${name}`);
  },
  async encode({ name }: ExampleSource) {
    asked.push(`encode ${name}`);
    return { dataset: tinyDataset(tinyExamples(11, name === 'train' ? seed : 1)), warnings: [`about ${name}`] };
  },
});

test('T22 resume-mismatch: settings are compared before anything is encoded, data as soon as they are', async () => {
  const output = new MemoryStorage();
  await using first = tinyTrainer(output, { maxSteps: 2 });
  await collect(first);
  const asked: string[] = [];
  await using other = tinyTrainer(output, {
    maxSteps: 2,
    seed: 7,
    train: source('train'),
    model: encodingModel(asked),
  });
  for (const attempt of [() => other.check({ resume: true }), () => collect(other, { resume: true })]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'E_RESUME_MISMATCH', field: 'seed' });
  }
  expect(asked).toEqual([]);
  await using foreign = tinyTrainer(output, { maxSteps: 2, train: source('train'), model: encodingModel(asked, 5) });
  await expect(foreign.check({ resume: true })).rejects.toMatchObject({ code: 'E_RESUME_MISMATCH', field: 'data' });
  await foreign.check({ resume: true, allowChange: ['data'] });
});

test('all examples are looked at before any are encoded, and they are encoded once', async () => {
  const asked: string[] = [];
  const data = { train: source('train'), evaluation: source('evaluation') };
  const model = { ...encodingModel(asked), warnings: ['about the model'] };
  await using trainer = tinyTrainer(undefined, { ...data, model, maxSteps: 1 });
  const warnings = ['about the model', 'about train', 'about evaluation'];
  expect(await trainer.check()).toMatchObject({ examples: 11, warnings });
  const events = await collect(trainer);
  expect(events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))).toEqual(warnings);
  expect(asked).toEqual(['check train', 'check evaluation', 'encode train', 'encode evaluation']);
});
