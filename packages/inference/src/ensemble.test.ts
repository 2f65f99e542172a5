/** Which classifiers answer together. */
import { rows } from '@attune/data';
import { MemoryStorage } from '@attune/hub';
import { referenceBackend } from '@attune/ir';
import { sequenceClassification } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { expect, it } from 'vitest';
import { openEnsemble } from './ensemble.js';

async function classifier(name: string, labels: readonly string[], options: object = {}): Promise<MemoryStorage> {
  const base = await writeTinyBert(new MemoryStorage('base'));
  const model = await sequenceClassification(base, { labels, ...options });
  const target = new MemoryStorage(name);
  await model.save(target, model.weights);
  await model.describe(target);
  return target;
}

it('takes labels in any order, and measures by the mean', async () => {
  const directories = [
    await classifier('one', ['a', 'b'], { seed: 1 }),
    await classifier('two', ['b', 'a'], { seed: 2 }),
  ];
  const backend = referenceBackend();
  await using ensemble = await openEnsemble(directories, { backend });
  const text = 'the cat sat';
  const [together] = await ensemble.predict([text]);
  const scores: number[] = [];
  for (const directory of directories) {
    await using alone = await openEnsemble([directory], { backend });
    const [answer] = await alone.predict([text]);
    scores.push(answer!.labels.find(({ label }) => label === 'a')!.score);
  }
  const ofA = together!.labels.find(({ label }) => label === 'a')!.score;
  expect(scores[0]).not.toBeCloseTo(scores[1]!, 3);
  expect(ofA).toBeCloseTo((scores[0]! + scores[1]!) / 2, 6);
  const { metrics, examples } = await ensemble.evaluate(rows([{ text, label: 'a' }]));
  expect(metrics.loss).toBeCloseTo(-Math.log(ofA), 6);
  expect(metrics.accuracy).toBe(ofA > 0.5 ? 1 : 0);
  expect(examples).toBe(1);
});

it.each([
  ['other labels', ['a', 'c'], {}, 'labels'],
  ['further labels', ['a', 'b', 'c'], {}, 'labels'],
  ['several labels', ['a', 'b'], { problemType: 'multi_label_classification' }, 'problemType'],
])('refuses %s beside the first model', async (_, labels, options, field) => {
  const directories = [await classifier('one', ['a', 'b']), await classifier('other', labels, options)];
  await expect(openEnsemble(directories, { backend: referenceBackend() })).rejects.toMatchObject({
    code: 'E_CONFIG',
    field,
    file: 'other',
  });
});
