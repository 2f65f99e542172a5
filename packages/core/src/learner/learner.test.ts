import { onnx } from '@attune/backend-onnx';
import { describe, expect, test } from 'vitest';
import { sequenceClassificationObjective } from '../objectives/classification.js';
import type { Strategy } from '../strategy.js';
import { classificationEvaluator } from '../trainer/evaluator.js';
import { CLASSES, tinyDataset, tinyExamples, tinyFull, tinyHead, tinyModel } from '../trainer/testing/tiny.js';
import { collect, numbersOf, tinyTrainer } from '../trainer/testing/tiny-trainer.js';
import { findLearningRate, suggestions } from './find-learning-rate.js';
import { Learner } from './learner.js';
import type { LearnerOptions } from './learner-options.js';

const backend = onnx({ threads: 1 });
const objective = sequenceClassificationObjective({ classes: CLASSES });
const dataset = tinyDataset(tinyExamples(11));

const open = (options: Partial<LearnerOptions> = {}) =>
  Learner.open({ model: { ...tinyModel(), objective }, strategy: tinyFull, backend, ...options });

const batchesOf = (epoch: number) =>
  dataset.batches({ batchSize: 2, shuffle: { seed: 3, epoch } }).map((make) => make());

describe('a loop of one’s own', () => {
  test('with the Trainer’s settings ends at the Trainer’s weights, bit for bit', async () => {
    const settings = { learningRate: 0.05, warmupRatio: 0.5, weightDecay: 0.01, seed: 3 } as const;
    await using trainer = tinyTrainer(undefined, {
      ...settings,
      warmupSteps: 0,
      numTrainEpochs: 2,
      gradientAccumulationSteps: 1,
      evalStrategy: 'no',
    });
    const steps = (await collect(trainer)).filter((event) => event.type === 'step');
    await using learner = await open({ ...settings, steps: steps.length });
    const losses: number[] = [];
    for (const epoch of [0, 1]) for (const batch of batchesOf(epoch)) losses.push((await learner.step([batch])).loss);
    expect(losses).toEqual(steps.map(({ loss }) => loss));
    expect(numbersOf(await learner.weights())).toEqual(numbersOf(await trainer.weights()));
  });

  test('goes on from a state that it was in', async () => {
    const [first, second, third] = batchesOf(0);
    await using learner = await open();
    await learner.step([first!]);
    const state = await learner.state();
    const expected = [await learner.step([second!]), await learner.step([third!])];
    learner.restore(state, 1);
    expect([await learner.step([second!]), await learner.step([third!])]).toEqual(expected);
    await using other = await open();
    other.restore(state, 1);
    expect(await other.step([second!])).toEqual(expected[0]);
    other.reset();
    expect(numbersOf(await other.weights())).toEqual(numbersOf(tinyModel().weights));
  });

  test('has losses, metrics and outputs without dropout, over any batches', async () => {
    await using learner = await open({ model: { ...tinyModel(0.5), objective } });
    const batches = batchesOf(0);
    const whole = await learner.loss(batches);
    expect(await learner.loss(batches)).toEqual(whole);
    const evaluated = await learner.evaluate(dataset, classificationEvaluator(['a', 'b', 'c']), { batchSize: 2 });
    expect(evaluated.loss).toBeCloseTo(whole.loss, 6);
    expect(evaluated).toHaveProperty('accuracy');
    const outputs = await learner.outputs(batches[0]!.tensors);
    expect([...outputs.keys()]).toEqual(['logits']);
    expect(outputs.get('logits')!.type.shape).toEqual([2, CLASSES]);
  });

  test('has gradients before clipping, which change nothing', async () => {
    const [batch] = batchesOf(0);
    await using learner = await open({ maxGradNorm: 0.001 });
    const before = numbersOf(await learner.weights());
    const gradients = await learner.gradients([batch!]);
    expect([...gradients.keys()].sort()).toEqual([...learner.adapted.trainable].sort());
    const norm = Math.hypot(...[...gradients.values()].flatMap(({ data }) => Array.from(data)));
    expect(numbersOf(await learner.weights())).toEqual(before);
    expect((await learner.step([batch!])).gradientNorm).toBeCloseTo(norm, 5);
  });

  test('has batches without rows, and names none in errors', async () => {
    const { tensors } = batchesOf(0)[0]!;
    const masked = { ...tensors.labels!, data: new Int32Array(2).fill(-100) };
    await using learner = await open({ strategy: tinyHead });
    expect((await learner.step([{ tensors }])).loss).toBeGreaterThan(0);
    await expect(learner.step([{ tensors: { ...tensors, labels: masked } }])).rejects.toMatchObject({ code: 'E_DATA' });
  });
});

describe('what a learner refuses', () => {
  test.each([
    ['a schedule with an end, without steps', { lrSchedulerType: 'cosine' }, { code: 'E_CONFIG', field: 'steps' }],
    ['an argument of the Trainer’s plan', { saveSteps: 3 }, { code: 'E_CONFIG' }],
    ['a rate below 0', { learningRate: -1 }, { code: 'E_CONFIG', field: 'learningRate' }],
  ])('%s', async (_, options, problem) => {
    await expect(open(options as Partial<LearnerOptions>)).rejects.toMatchObject(problem);
  });

  test('a step of a model that nothing trains, or without an objective', async () => {
    const [batch] = batchesOf(0);
    await using answering = await Learner.open({ model: tinyModel(), backend });
    expect((await answering.outputs(batch!.tensors)).get('logits')).toBeDefined();
    await expect(answering.step([batch!])).rejects.toMatchObject({ code: 'E_STRATEGY' });
    await expect(answering.loss([batch!])).rejects.toMatchObject({ code: 'E_CONFIG', field: 'objective' });
    const frozen: Strategy = { name: 'frozen', options: {}, adapt: () => ({ trainable: () => false }) };
    await using still = await open({ strategy: frozen });
    expect((await still.loss([batch!])).loss).toBeGreaterThan(0);
    await expect(still.step([batch!])).rejects.toMatchObject({ code: 'E_STRATEGY' });
  });
});

describe('the learning-rate range test', () => {
  test('suggests the rates that fastai suggests for the same losses', () => {
    const steps = 100;
    const points = Array.from({ length: steps }, (_, index) => {
      const rise = index < 80 ? 0 : 0.01 * (index - 80) ** 2;
      const smoothedLoss = 1.5 - 1 / (1 + Math.exp(-(index - 55) / 6)) + 0.002 * Math.sin(3 * index) + rise;
      return { learningRate: 1e-7 * 1e8 ** (index / (steps - 1)), loss: smoothedLoss, smoothedLoss };
    });
    // valley() and steep() of fastai 2.7's callback/schedule.py, over the same numbers.
    const { valley, steep } = suggestions(points, steps);
    expect(valley).toBeCloseTo(0.000756463327554629, 12);
    expect(steep).toBeCloseTo(0.0027825594022071257, 12);
  });

  test('raises the rate by one factor, and ends when the loss has grown', async () => {
    const options = { model: { ...tinyModel(), objective }, strategy: tinyFull, backend, train: dataset, batchSize: 4 };
    const { points, valley } = await findLearningRate({
      ...options,
      start: 1e-4,
      end: 1e4,
      optim: 'sgd',
      maxGradNorm: 0,
    });
    const factor = 1e8 ** (1 / 99);
    for (const [index, { learningRate }] of points.entries()) {
      expect(learningRate / (1e-4 * factor ** index)).toBeCloseTo(1, 4);
    }
    expect(points.length).toBeGreaterThan(20);
    expect(points.length).toBeLessThan(100);
    expect(valley).toBeGreaterThan(1e-4);
    expect(points.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    await expect(findLearningRate({ ...options, start: 1e6, end: 1e9, optim: 'sgd', maxGradNorm: 0 })).rejects.toThrow(
      expect.objectContaining({ code: 'E_NONFINITE' }),
    );
  });
});
