import { referenceBackend } from '@attune/ir';
import { expect, test } from 'vitest';
import { sequenceClassificationObjective } from '../objectives/classification.js';
import { CLASSES, tinyDataset, tinyFull, tinyModel } from '../trainer/testing/tiny.js';
import { Trainer } from '../trainer/trainer.js';
import { balancedWeights, countClasses, isUneven } from './class-weights.js';

test("scikit-learn's balanced weights, 1 for a class without examples", () => {
  expect(balancedWeights([6, 2, 0, 4])).toEqual([12 / 18, 2, 1, 1]);
});

test('classes are uneven if one is more than twenty times another', () => {
  expect([[20, 1], [21, 1], [0, 5, 5], []].map((counts) => isUneven(counts))).toEqual([false, true, false, false]);
});

test('counts the labels of a data set', () => {
  const examples = [0, 2, 2, 0, 2].map((label) => ({ ids: [1, 2], label }));
  expect(countClasses(tinyDataset(examples), 3)).toEqual([2, 0, 3]);
});

test('balanced sampling takes the balanced data, evaluates on the others, and leaves the loss as it is', async () => {
  const uneven = Array.from({ length: 60 }, (_, index) => ({ ids: [index % 16, 1], label: index === 0 ? 1 : 0 }));
  const whole = tinyDataset(uneven);
  const few = tinyDataset(uneven.slice(0, 6));
  const options = { strategy: tinyFull, backend: referenceBackend(), model: tinyModel(), balancedSampling: true };
  const objective = sequenceClassificationObjective({ classes: CLASSES });
  await using trainer = new Trainer({ ...options, objective, train: { ...whole, balanced: async () => few } });
  const { examples, recipe } = await trainer.check();
  expect([examples, recipe.arguments.classWeights]).toEqual([6, 'none']);
  const { balanced: _, ...plain } = whole;
  await using other = new Trainer({ ...options, objective, train: plain });
  await expect(other.check()).rejects.toMatchObject({ code: 'E_CONFIG', field: 'balancedSampling' });
});
