import { hostTensor } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import {
  type ClassificationOptions,
  maskedLanguageModeling,
  sequenceClassificationObjective,
  tokenClassificationObjective,
} from './classification.js';
import { multiLabelClassification, regression } from './elementwise.js';
import { questionAnsweringObjective } from './question-answering.js';
import { runObjective as run } from './testing/run-objective.js';

const logits = hostTensor([3, 3], [1, 2, -1, 0.5, -0.5, 0, 3, 0, -2]);
const labels = hostTensor([3], [1, -100, 2], 'i32');
const classWeights = [1, 2, 0.5];

describe('sequence classification', () => {
  // torch.nn.functional.cross_entropy(logits, labels, weight=..., label_smoothing=...)
  test.each<[Omit<ClassificationOptions, 'classes'>, number, readonly number[]]>([
    [{}, 2.701999, [0.129748, -0.147308, 0.01756, 0.0, 0.0, 0.0, 0.47325, 0.023562, -0.496811]],
    [{ classWeights }, 1.290207, [0.207597, -0.235692, 0.028095, 0.0, 0.0, 0.0, 0.1893, 0.009425, -0.198725]],
    [
      { labelSmoothing: 0.2 },
      2.601999,
      [0.096415, -0.080641, -0.015774, 0.0, 0.0, 0.0, 0.439916, -0.009772, -0.430145],
    ],
    [
      { classWeights, labelSmoothing: 0.2 },
      1.363205,
      [0.163631, -0.176051, 0.012421, 0.0, 0.0, 0.0, 0.213113, -0.041395, -0.171718],
    ],
    // TRL's dft_loss.
    [{ lossType: 'dft' }, 0.139213, [0.091522, -0.103909, 0.012386, 0.0, 0.0, 0.0, 0.003018, 0.00015, -0.003168]],
  ])('with %j gives PyTorch’s loss and gradient', (options, expected, gradient) => {
    const found = run(sequenceClassificationObjective({ classes: 3, ...options }), { logits }, { labels });
    expect(found.loss).toBeCloseTo(expected, 5);
    for (const [index, value] of gradient.entries()) expect(found.gradient[index]).toBeCloseTo(value, 5);
  });

  test('micro-batches over the totals of the step add up to the whole batch', () => {
    const objective = sequenceClassificationObjective({ classes: 3, classWeights });
    const whole = run(objective, { logits }, { labels });
    const totals = objective.counts({ labels });
    const row = (index: number) =>
      run(
        objective,
        { logits: hostTensor([1, 3], logits.data.slice(3 * index, 3 * index + 3)) },
        { labels: hostTensor([1], [labels.data[index]!], 'i32') },
        totals,
      );
    const parts = [row(0), row(1), row(2)];
    expect(parts.reduce((sum, { loss }) => sum + loss, 0)).toBeCloseTo(whole.loss, 6);
    expect(parts.flatMap(({ gradient }) => gradient).map((value) => value.toFixed(6))).toEqual(
      whole.gradient.map((value) => value.toFixed(6)),
    );
  });

  test('the focal loss stays finite where the model is certain', () => {
    const certain = hostTensor([1, 2], [200, -200]);
    for (const gamma of [0, 0.5, 2]) {
      const { loss, gradient } = run(
        sequenceClassificationObjective({ classes: 2, focal: { gamma } }),
        { logits: certain },
        { labels: hostTensor([1], [0], 'i32') },
      );
      expect(loss).toBeCloseTo(0, 6);
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });

  test.each<[number]>([[3], [-1]])('a label of %d is an error that names the classes', (label) => {
    expect(() =>
      sequenceClassificationObjective({ classes: 3 }).counts({ labels: hostTensor([1], [label], 'i32') }),
    ).toThrow(
      expect.objectContaining({ code: 'E_DATA', field: 'labels', message: expect.stringContaining('3 classes') }),
    );
  });

  test.each<[Partial<ClassificationOptions>, string]>([
    [{ classes: 0 }, 'classes'],
    [{ labelSmoothing: 1 }, 'labelSmoothing'],
    [{ classWeights: [1, 2] }, 'classWeights'],
    [{ focal: { gamma: 2, alpha: [1] } }, 'focal.alpha'],
  ])('%j is refused', (options, field) => {
    expect(() => sequenceClassificationObjective({ classes: 3, ...options })).toThrow(
      expect.objectContaining({ code: 'E_CONFIG', field }),
    );
  });

  test('a batch without labels is an error', () => {
    expect(() => sequenceClassificationObjective({ classes: 3 }).counts({ logits })).toThrow(
      expect.objectContaining({ code: 'E_DATA', field: 'labels' }),
    );
  });
});

describe('tokens', () => {
  test.each([
    ['token classification', tokenClassificationObjective],
    ['masked language modeling', maskedLanguageModeling],
  ])('%s is the mean over the labels that count', (_, make) => {
    const objective = make({ classes: 2 });
    const tokens = hostTensor([1, 3, 2], [0, 0, 5, 1, 2, 0]);
    const batch = { labels: hostTensor([1, 3], [0, -100, 1], 'i32') };
    expect(objective.counts(batch)).toEqual({ targets: 2 });
    const { loss, gradient } = run(objective, { logits: tokens }, batch);
    expect(loss).toBeCloseTo((Math.log(2) + Math.log(1 + Math.E ** 2)) / 2, 6);
    expect(gradient.slice(2, 4)).toEqual([0, 0]);
  });
});

describe('numbers and several labels', () => {
  test('regression is the mean squared error of the numbers that are there', () => {
    const batch = { labels: hostTensor([2, 2], [1, Number.NaN, 0, 3]) };
    const { loss, gradient } = run(regression(), { logits: hostTensor([2, 2], [2, 7, 0, 1]) }, batch);
    expect(loss).toBeCloseTo(5 / 3, 6);
    expect(gradient[1]).toBe(0);
  });

  test('field 32: loss and gradient of three numbers are those of torch.nn.MSELoss over all of them', () => {
    const logits = [0.5, -1, 2, 3, 0.25, -0.5];
    const numbers = [1, 1, 1.5, -2, 0.25, 4];
    const found = run(regression(), { logits: hostTensor([2, 3], logits) }, { labels: hostTensor([2, 3], numbers) });
    const errors = logits.map((logit, index) => logit - numbers[index]!);
    expect(found.loss).toBeCloseTo(errors.reduce((sum, error) => sum + error ** 2, 0) / 6, 6);
    for (const [index, error] of errors.entries()) expect(found.gradient[index]).toBeCloseTo((2 * error) / 6, 6);
  });

  test('one number per text needs no second axis', () => {
    const batch = { labels: hostTensor([2], [1, 3]) };
    expect(run(regression(), { logits: hostTensor([2, 1], [2, 3]) }, batch).loss).toBeCloseTo(0.5, 6);
  });

  test('several labels are the mean over all entries', () => {
    const batch = { labels: hostTensor([1, 2], [1, 0]) };
    const { loss, gradient } = run(multiLabelClassification(), { logits: hostTensor([1, 2], [0, 0]) }, batch);
    expect(loss).toBeCloseTo(Math.log(2), 6);
    expect(gradient).toEqual([-0.25, 0.25]);
  });

  test('a class number where yes or no should be is an error', () => {
    expect(() => multiLabelClassification().counts({ labels: hostTensor([1, 2], [2, 0]) })).toThrow(
      expect.objectContaining({ code: 'E_DATA', field: 'labels' }),
    );
  });
});

describe('question answering', () => {
  const startLogits = hostTensor([2, 3], [1, 0, 0, 0, 2, 0]);
  const endLogits = hostTensor([2, 3], [0, 0, 1, 0, 0, 3]);
  const attentionMask = hostTensor([2, 3], [1, 1, 1, 1, 1, 0], 'i32');

  test('positions behind the tokens are ignored, negative ones mean the first token', () => {
    const objective = questionAnsweringObjective();
    const batch = (start: readonly number[], end: readonly number[]) => ({
      startPositions: hostTensor([2], start, 'i32'),
      endPositions: hostTensor([2], end, 'i32'),
      attentionMask,
    });
    expect(objective.counts(batch([0, 3], [2, 2]))).toEqual({ starts: 1, ends: 2 });
    const outputs = { startLogits, endLogits };
    const { loss, gradient } = run(objective, outputs, batch([0, 3], [2, 2]));
    const start = Math.log(1 + 2 / Math.E);
    const end = (Math.log(1 + 2 / Math.E) + Math.log(1 + 2 / Math.E ** 3)) / 2;
    expect(loss).toBeCloseTo((start + end) / 2, 6);
    expect(gradient.slice(3)).toEqual([0, 0, 0]);
    expect(run(objective, outputs, batch([-5, 3], [2, 2])).loss).toBeCloseTo(loss, 6);
  });
});
