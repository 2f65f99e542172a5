import { hostTensor } from '@attune/ir';
import { expect, test } from 'vitest';
import type { Batch } from '../dataset.js';
import { answerEvaluator } from './answer-evaluator.js';
import { isGreaterBetter } from './best.js';
import { entityEvaluator } from './entity-evaluator.js';
import { classificationEvaluator, type Evaluator } from './evaluator.js';
import { perplexityEvaluator } from './perplexity-evaluator.js';
import { regressionEvaluator } from './regression-evaluator.js';
import { parseTrainingArguments } from './training-arguments.js';

const batchOf = (more: Partial<Batch> = {}): Batch => ({ tensors: {}, rows: [], indices: [], tokens: 0, ...more });

test('entities count where their tokens have labels, row by row', () => {
  const names = ['B-x', 'I-x', 'O'];
  const evaluator = entityEvaluator(names);
  const labels = hostTensor([3, 4], [-100, 0, -100, 1, -100, 2, 0, -100, -100, -100, -100, -100], 'i32');
  const predicted = [2, 0, 0, 1, 0, 2, 2, 0, 0, 0, 0, 0];
  const logits = hostTensor(
    [3, 4, 3],
    predicted.flatMap((tag) => names.map((_, id) => Number(id === tag))),
  );
  evaluator.add({ logits }, { labels }, batchOf());
  expect(evaluator.metrics(1)).toMatchObject({ precision: 1, recall: 0.5, f1: 2 / 3, accuracy: 3 / 4 });
  expect(evaluator.details?.().perClass).toMatchObject([{ label: 'x', support: 2 }]);
});

test('answers are put together from the windows of a question', () => {
  const evaluator = answerEvaluator();
  const context = 'the cat sat';
  const window = {
    question: 0,
    context,
    answers: ['cat sat'],
    starts: Int32Array.of(-1, 4, 8),
    ends: Int32Array.of(-1, 7, 11),
  };
  const other = { ...window, question: 1, answers: [] };
  const sides = (...rows: readonly (readonly number[])[]) => hostTensor([rows.length, 3], rows.flat());
  evaluator.add(
    { startLogits: sides([0, 1, 0], [0, 2, 0], [9, 0, 0]), endLogits: sides([0, 1, 0], [0, 0, 2], [9, 0, 0]) },
    {},
    batchOf({ windows: [window, window, other] }),
  );
  expect(evaluator.metrics(1)).toEqual({ exactMatch: 1, f1: 1 });
  expect(() => evaluator.add({}, {}, batchOf())).toThrow(expect.objectContaining({ code: 'E_DATA', field: 'windows' }));
});

test('perplexity comes from the loss', () => {
  expect(perplexityEvaluator().metrics(Math.log(7))).toEqual({ perplexity: expect.closeTo(7, 9) });
});

test('field 32: several numbers have metrics over all of them, and each its own', () => {
  const evaluator = regressionEvaluator(['joy', 'error rate']);
  const labels = hostTensor([4, 2], [1, 0, 2, 0.5, 3, Number.NaN, Number.NaN, Number.NaN]);
  evaluator.add({ logits: hostTensor([4, 2], [2, 0, 2, 1, 5, 7, 9, 9]) }, { labels }, batchOf());
  const metrics = evaluator.metrics(0);
  expect(Object.keys(metrics)).toEqual(evaluator.metricNames);
  expect(metrics).toMatchObject({
    meanSquaredError: (1 + 4 + 0.25) / 5,
    meanAbsoluteError: (1 + 2 + 0.5) / 5,
    meanSquaredError_joy: 5 / 3,
    meanAbsoluteError_joy: 1,
    'meanSquaredError_error rate': 0.125,
    'pearson_error rate': expect.closeTo(1, 9),
  });
  expect(metrics.pearson).toBeCloseTo((metrics.pearson_joy! + 1) / 2, 9);
  expect(evaluator.details?.().perNumber).toMatchObject([{ label: 'joy' }, { label: 'error rate' }]);
  expect(regressionEvaluator(['stars']).metricNames).toEqual(regressionEvaluator().metricNames);
  expect(regressionEvaluator(['stars']).details).toBeUndefined();
});

test.each([
  ['pearson_error rate', true],
  ['spearman_loss', true],
  ['meanSquaredError_joy', false],
])('field 32: whether more of %s is better does not depend on what the number is called', (metric, greater) => {
  expect(isGreaterBetter(parseTrainingArguments({ metricForBestModel: metric }))).toBe(greater);
});

test('evaluators name the metrics that they give', () => {
  const one = { logits: hostTensor([1, 2], [0, 1]), labels: hostTensor([1], [1], 'i32') };
  const classes = classificationEvaluator(['a', 'b']);
  classes.add(one, one, batchOf());
  const filled: readonly Evaluator[] = [classes, perplexityEvaluator()];
  for (const evaluator of filled) expect(Object.keys(evaluator.metrics(1))).toEqual(evaluator.metricNames);
  expect(classes.details?.()).toMatchObject({ perClass: [{ label: 'a' }, { label: 'b' }], confusions: [] });
});
