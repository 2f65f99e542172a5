import { onnx } from '@attune/backend-onnx';
import { Trainer, type TrainerOptions } from '@attune/core';
import { rows } from '@attune/data';
import { MemoryStorage } from '@attune/hub';
import { loadModel, taskModel } from '@attune/models';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { full, lora } from '@attune/strategies';
import { sequenceClassificationTask as task } from '@attune/tasks';
import { beforeAll, describe, expect, it } from 'vitest';
import { replaying, withoutForgetting } from './without-forgetting.js';

const texts = [
  { text: 'the cat sat on the mat and it is good', label: 'a' },
  { text: 'the dog is very good', label: 'b' },
];
const train = rows(texts, { name: 'new' });
const dropout = { hidden: 0, attention: 0 };
const starts = {
  encoder: new MemoryStorage('encoder'),
  masked: new MemoryStorage('masked'),
  classifier: new MemoryStorage('classifier'),
};

beforeAll(async () => {
  await (await loadModel(await tinyBert(), { task: 'feature-extraction' })).save(starts.encoder);
  await (await loadModel(starts.encoder, { task: 'masked-language-modeling' })).save(starts.masked);
  await (await loadModel(starts.encoder, { task, labels: ['x', 'y', 'z'] })).save(starts.classifier);
});

const modelOf = async (start: MemoryStorage) => {
  const loaded = await loadModel(start, { task, labels: ['a', 'b'], dropout });
  return taskModel(loaded, task, { maxLength: 16 });
};

/** Loss and the metric at each step. */
async function stepsOf(options: Pick<TrainerOptions, 'model' | 'train' | 'objective' | 'strategy'>, metric: string) {
  const steps: { readonly loss: number; readonly metric: number }[] = [];
  const shared = {
    backend: onnx({ threads: 1 }),
    maxSteps: 30,
    learningRate: 1e-3,
    weightDecay: 0,
    perDeviceTrainBatchSize: 2,
  };
  await using trainer = new Trainer({ ...shared, ...options });
  const before = (await trainer.evaluate(train)).loss!;
  for await (const event of trainer.train())
    if (event.type === 'step') steps.push({ loss: event.loss, metric: event.metrics?.[metric] ?? Number.NaN });
  return { before, steps, measured: (await trainer.evaluate(train)).loss! };
}

describe('withoutForgetting', () => {
  it.each([
    ['masked', 10],
    ['classifier', 60],
  ] as const)('holds the answers of a %s model that learns something else', async (name, alpha) => {
    const model = await modelOf(starts[name]);
    const run = async (alpha: number) => {
      const objective = await withoutForgetting(model, starts[name], { alpha });
      return stepsOf({ model, train, objective, strategy: full() }, 'lwf');
    };
    const [free, held] = [await run(1e-6), await run(alpha)];
    // Before the first update it answers as it did.
    expect(free.steps[0]!.metric).toBeCloseTo(0, 7);
    expect(free.steps.at(-1)!.metric).toBeGreaterThan(1e-4);
    expect(held.steps.at(-1)!.metric).toBeLessThan(free.steps.at(-1)!.metric / 2);
    // It learns the new task all the same, and evaluations measure that alone.
    expect(held.steps.at(-1)!.loss).toBeLessThan(held.before);
    expect(held.measured).toBeLessThan(free.steps[0]!.loss - 0.1);
  });

  it('goes with an adapter', async () => {
    const model = await modelOf(starts.masked);
    const objective = await withoutForgetting(model, starts.masked);
    const { steps } = await stepsOf({ model, train, objective, strategy: lora() }, 'lwf');
    expect(steps[0]!.metric).toBeCloseTo(0, 7);
    expect(steps.at(-1)!.metric).toBeGreaterThan(0);
  });

  it('refuses a start without a head', async () => {
    const model = await modelOf(starts.encoder);
    await expect(withoutForgetting(model, starts.encoder)).rejects.toMatchObject({ code: 'E_CONFIG', field: 'model' });
  });
});

describe('replaying', () => {
  const general = {
    masked: rows([{ text: 'the cat sat on the mat' }, { text: 'the dog is very good' }], { name: 'general' }),
    classifier: rows(
      [
        { text: 'the cat sat', label: 'z' },
        { text: 'the dog', label: 'x' },
      ],
      { name: 'general' },
    ),
  };

  it.each(['masked', 'classifier'] as const)('goes on with the task of a %s model', async (name) => {
    const model = await modelOf(starts[name]);
    const replayed = { general: general[name], isLabelled: name === 'classifier', maxLength: 16 };
    const { objective, data } = await replaying(model, starts[name], replayed, { share: 0.5 });
    const mixed = data((await model.encode(train)).dataset);
    const [first] = mixed.batches({ batchSize: 2, shuffle: { seed: 0, epoch: 0 } });
    expect(first!().tensors['replay.inputIds']!.type.shape[0]).toBe(2);
    const { before, steps, measured } = await stepsOf({ model, train: mixed, objective, strategy: full() }, 'replay');
    expect(steps.at(-1)!.metric).toBeLessThan(steps[0]!.metric);
    expect(measured).toBeLessThan(before - 0.05);
  });

  it('refuses labels that the classifier does not have, and a start without a head', async () => {
    const model = await modelOf(starts.classifier);
    const unknown = { general: train, isLabelled: true, maxLength: 16 };
    await expect(replaying(model, starts.classifier, unknown)).rejects.toMatchObject({
      code: 'E_DATA_LABELS',
      field: 'replay',
    });
    const texts = { general: general.masked, isLabelled: false, maxLength: 16 };
    await expect(replaying(model, starts.classifier, texts)).rejects.toMatchObject({
      code: 'E_CONFIG',
      field: 'model',
    });
  });
});
