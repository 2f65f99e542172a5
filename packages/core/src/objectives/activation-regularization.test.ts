import { hostTensor } from '@attune/ir';
import { expect, test } from 'vitest';
import { gaussian } from '../random.js';
import { activationRegularization } from './activation-regularization.js';
import { causalLanguageModeling } from './causal-language-modeling.js';
import { runObjective } from './testing/run-objective.js';

const numbers = (shape: readonly number[], name: string) =>
  hostTensor(
    shape,
    gaussian(
      shape.reduce((a, b) => a * b, 1),
      1,
      name,
    ),
  );
const logits = numbers([2, 3, 5], 'logits');
const raw = numbers([2, 3, 4], 'raw');
const dropped = numbers([2, 3, 4], 'dropped');
/** A stream's: one token more than there are logits. */
const labels = hostTensor([2, 4], [0, 1, 2, 3, 4, 3, 2, 1], 'i32');
const objective = causalLanguageModeling({ classes: 5 });

test('labels with one token more make every token a target', () => {
  expect(objective.counts({ labels })).toEqual({ targets: 6 });
  const shifted = hostTensor(
    [2, 4, 5],
    [0, 1].flatMap((row) => [...logits.data.slice(15 * row, 15 * row + 15), 0, 0, 0, 0, 0]),
  );
  const { loss } = runObjective(objective, { logits }, { labels });
  expect(loss).toBeCloseTo(runObjective(objective, { logits: shifted }, { labels }).loss, 12);
});

test('AR and TAR are fastai’s means, and of micro-batches over the totals of a step', () => {
  const outputs = { logits, lastHiddenState: raw, droppedHiddenState: dropped };
  const squares = (values: readonly number[]) => values.reduce((sum, x) => sum + x * x, 0) / values.length;
  const changes = [0, 1].flatMap((row) =>
    [1, 2].flatMap((token) =>
      [0, 1, 2, 3].map((unit) => raw.data[12 * row + 4 * token + unit]! - raw.data[12 * row + 4 * (token - 1) + unit]!),
    ),
  );
  const plain = runObjective(objective, { logits }, { labels });
  const found = runObjective(activationRegularization(objective, { alpha: 2, beta: 0.5 }), outputs, { labels });
  expect(found.loss).toBeCloseTo(plain.loss + 2 * squares([...dropped.data]) + 0.5 * squares(changes), 6);
  const half = runObjective(activationRegularization(objective), outputs, { labels }, { targets: 12 });
  expect(2 * half.loss).toBeCloseTo(plain.loss + 2 * squares([...dropped.data]) + squares(changes), 6);
});

test('wrong weights are refused', () => {
  expect(() => activationRegularization(objective, { alpha: -1 })).toThrow(/alpha/);
});
