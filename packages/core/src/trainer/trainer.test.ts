import { MemoryStorage } from '@attune/hub';
import type { HostTensor } from '@attune/ir';
import { expect, test } from 'vitest';
import type { TokenizedDataset } from '../dataset.js';
import { IGNORED_LABEL } from '../objective.js';
import type { Strategy } from '../strategy.js';
import { tinyDataset, tinyExamples, tinyFull, tinyModel } from './testing/tiny.js';
import { collect, lossesOf, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';

test('a run yields its events in order and learns', async () => {
  await using trainer = tinyTrainer(new MemoryStorage(), { numTrainEpochs: 12, saveSteps: 12 });
  const events = await collect(trainer);
  const types = events.map(({ type }) => type).filter((type) => type !== 'compile');
  expect(types.slice(0, 3)).toEqual(['recipe', 'start', 'step']);
  expect(types.at(-1)).toBe('end');
  expect(events[0]).toMatchObject({ arguments: { numTrainEpochs: 12 }, examples: 11, heldOut: 0 });
  expect(events[1]).toMatchObject({ steps: 36, examples: 11, resumedFrom: 0 });
  expect(events.filter(({ type }) => type === 'evaluation')).toHaveLength(12);
  expect(events.filter(({ type }) => type === 'checkpoint')).toHaveLength(3);
  const losses = [...lossesOf(events).values()];
  const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b) / numbers.length;
  expect(mean(losses.slice(-3))).toBeLessThan(mean(losses.slice(0, 3)) / 2);
});

test('a step of two micro-batches is a step of one batch of twice the size', async () => {
  const train = tinyDataset(tinyExamples(8).map(({ label }, index) => ({ ids: [index, 2, index, 4], label })));
  const options = { train, model: tinyModel(0), gradientAccumulationSteps: 1, numTrainEpochs: 2 };
  await using whole = tinyTrainer(undefined, { ...options, perDeviceTrainBatchSize: 4 });
  await using parts = tinyTrainer(undefined, { ...options, gradientAccumulationSteps: 2 });
  const [expected, found] = [lossesOf(await collect(whole)), lossesOf(await collect(parts))];
  expect(found.size).toBe(4);
  for (const [step, loss] of expected) expect(found.get(step)).toBeCloseTo(loss, 5);
});

test('training twice begins anew and gives the same numbers', async () => {
  await using trainer = tinyTrainer(undefined);
  const first = lossesOf(await collect(trainer));
  expect(lossesOf(await collect(trainer))).toEqual(first);
});

test('evaluation and prediction use the trained weights', async () => {
  await using trainer = tinyTrainer(undefined);
  const events = await collect(trainer);
  const last = events.findLast((event) => event.type === 'evaluation');
  const evaluation = tinyDataset(tinyExamples(7, 1));
  expect(await trainer.evaluate(evaluation)).toEqual(last?.metrics);
  const logits = await trainer.predict(evaluation);
  expect(logits.map(({ length }) => length)).toEqual([3, 3, 3, 3, 3, 3, 3]);
});

test('early stopping ends the run, and the best weights come back', async () => {
  const scores = [0.1, 0.9, 0.5, 0.4, 0.3, 0.2];
  const weights: ReadonlyMap<string, HostTensor>[] = [];
  const evaluator = () => ({ outputNames: [], add: () => {}, metrics: () => ({ score: scores.shift()! }) });
  await using trainer = tinyTrainer(new MemoryStorage(), {
    evaluator,
    metricForBestModel: 'score',
    earlyStoppingPatience: 2,
    loadBestModelAtEnd: true,
    saveTotalLimit: 1,
    saveSteps: 2,
    numTrainEpochs: 6,
  });
  const events = [];
  for await (const event of trainer.train()) {
    events.push(event);
    if (event.type === 'evaluation' && event.best) weights.push(await trainer.weights());
  }
  expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'early-stopped', step: 12 });
  expect(numbersOf(await trainer.weights())).toEqual(numbersOf(weights.at(-1)!));
});

test('early stopping that asks for an unknown metric', async () => {
  await using trainer = tinyTrainer(undefined, { metricForBestModel: 'acuracy', earlyStoppingPatience: 1 });
  await expect(collect(trainer)).rejects.toMatchObject({ code: 'E_CONFIG', field: 'metricForBestModel' });
});

test.each([
  [{ evalStrategy: 'steps', evalSteps: 2, evalDelay: 5 }, [6, 8, 10, 12]],
  [{ evalStrategy: 'epoch', evalDelay: 2.5 }, [9, 12]],
  [{ evalStrategy: 'epoch', evalDelay: 9 }, []],
] as const)('evaluations wait for evalDelay: %j', async (options, wanted) => {
  await using trainer = tinyTrainer(undefined, options);
  const events = await collect(trainer);
  expect(events.flatMap((event) => (event.type === 'evaluation' ? [event.step] : []))).toEqual(wanted);
});

test('options that need what is not there', () => {
  const noEvaluation: object = { evaluation: undefined, holdOutShare: 0 };
  expect(() => tinyTrainer(undefined, { loadBestModelAtEnd: true })).toThrow(/output directory/);
  expect(() => tinyTrainer(new MemoryStorage(), { loadBestModelAtEnd: true, ...noEvaluation })).toThrow(/evaluation/);
  expect(() => tinyTrainer(undefined, { earlyStoppingPatience: 1, evalStrategy: 'no' })).toThrow(/evalStrategy/);
});

test('stages train what they name, and a parameter counts its steps from its stage on', async () => {
  const gradual: Strategy = {
    name: 'gradual',
    options: {},
    adapt: () => ({
      trainable: () => true,
      stages: () => [
        { name: 'head', start: 0, trainable: ({ name }) => name.startsWith('classifier.') },
        { name: 'all', start: 0.5, trainable: () => true },
      ],
    }),
  };
  const before = tinyModel().weights;
  await using trainer = tinyTrainer(undefined, { strategy: [tinyFull, gradual], optim: 'adamw', weightDecay: 0 });
  const moved: Record<number, number> = {};
  for await (const event of trainer.train()) {
    if (event.type !== 'step') continue;
    const encoder = (await trainer.weights()).get('encoder.weight')!.data;
    const start = before.get('encoder.weight')!.data;
    moved[event.step] = Math.max(...encoder.map((number, index) => Math.abs(number - start[index]!)));
  }
  expect(moved[6]).toBe(0);
  // Adam's first step is the learning rate: step 7 of 12 under a linear schedule with 2 steps of warm-up.
  expect(moved[7]).toBeCloseTo(0.05 * (1 - 4 / 10), 4);
});

test('averages of the weights are what is evaluated and what training ends with', async () => {
  const model = tinyModel();
  await using plain = tinyTrainer(undefined, { model, maxSteps: 3 });
  await using averaged = tinyTrainer(undefined, { model, maxSteps: 3, emaDecay: 0.5 });
  const expected: number[] = [];
  for await (const event of plain.train()) {
    if (event.type !== 'step') continue;
    const now = (await plain.weights()).get('encoder.bias')!.data;
    for (let index = 0; index < now.length; index++) {
      expected[index] = event.step === 1 ? now[index]! : 0.5 * expected[index]! + 0.5 * now[index]!;
    }
  }
  await collect(averaged);
  const found = (await averaged.weights()).get('encoder.bias')!.data;
  for (const [index, number] of expected.entries()) expect(found[index]).toBeCloseTo(number, 5);
});

test('T17: a step whose labels are all masked is an error that names the rows', async () => {
  const masked: TokenizedDataset = {
    ...tinyDataset(tinyExamples(4)),
    batches: (options) =>
      tinyDataset(tinyExamples(4))
        .batches(options)
        .map((make) => () => {
          const batch = make();
          batch.tensors.labels?.data.fill(IGNORED_LABEL);
          return batch;
        }),
  };
  await using trainer = tinyTrainer(undefined, { train: masked });
  await expect(collect(trainer)).rejects.toMatchObject({ code: 'E_DATA', message: expect.stringMatching(/rows \d/) });
});
