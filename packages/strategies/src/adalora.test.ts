import { onnx } from '@attune/backend-onnx';
import { Learner, sequenceClassificationObjective } from '@attune/core';
import { MemoryStorage, readJson } from '@attune/hub';
import { hostTensor } from '@attune/ir';
import { type LoadedModel, loadModel } from '@attune/models';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AdaloraOptions, adalora, adaloraMethod } from './adalora.js';
import { loadAdapter } from './adapters/load.js';
import { removedTriplets } from './rank-allocation.js';

const fields = {
  inputIds: hostTensor([2, 4], [2, 5, 9, 3, 2, 7, 3, 0], 'i32'),
  attentionMask: hostTensor([2, 4], [1, 1, 1, 1, 1, 1, 1, 0], 'i32'),
  tokenTypeIds: hostTensor([2, 4], [0, 0, 1, 1, 0, 0, 0, 0], 'i32'),
};
const batches = [{ tensors: { ...fields, labels: hostTensor([2], [0, 1], 'i32') } }];
const backend = onnx({ threads: 1 });
let base: LoadedModel;

beforeAll(async () => {
  base = await loadModel(await tinyBert(), {
    task: 'sequence-classification',
    labels: ['a', 'b'],
    dropout: { hidden: 0, attention: 0, classifier: 0 },
  });
});

const open = (options: AdaloraOptions, steps?: number) =>
  Learner.open({
    model: base,
    objective: sequenceClassificationObjective({ classes: 2 }),
    strategy: adalora({ initR: 3, targetR: 1, ...options }),
    backend,
    learningRate: 0.05,
    ...(steps === undefined ? {} : { steps }),
  });

test('T17: the budget falls by a cube from the first step behind tinit to the last of its phase', () => {
  const plan = { initR: 4, targetR: 2, tinit: 2, tfinal: 3, deltaT: 1, beta1: 0.85, beta2: 0.85 };
  expect(removedTriplets(plan, 10, 4)).toEqual([0, 0, 0, 4, 7, 8, 8, 8]);
  expect(removedTriplets({ ...plan, deltaT: 4 }, 10, 4)).toEqual([0, 0, 0, 0, 7, 0, 0, 8]);
});

describe('T17: the ranks of a run of 5 steps', () => {
  test('end at the budget, are saved as PEFT saves them, and come back', async () => {
    await using learner = await open({ tinit: 1, tfinal: 1 }, 5);
    for (let step = 0; step < 5; step++) await learner.step(batches);
    const weights = await learner.weights();
    const values = [...weights].filter(([name]) => name.includes('lora_E'));
    const kept = values.flatMap(([, { data }]) => Array.from(data)).filter((value) => value !== 0);
    expect([kept.length, values.length * 3]).toEqual([values.length, values.length * 3]);
    const strategy = adalora({ initR: 3, targetR: 1 });
    const storage = new MemoryStorage('adapter');
    await strategy.adapt(base.model, base.created).adapter?.save(storage, weights, 'base');
    const { rank_pattern: pattern } = (await readJson(storage, 'adapter_config.json')) as Record<string, object>;
    expect(Object.keys(pattern!)).toContain('bert.encoder.layer.0.attention.self.query.lora_E');
    expect(Object.values(pattern!).flat().filter(Boolean)).toHaveLength(kept.length);
    const loaded = await loadAdapter(storage, base.model);
    expect(loaded.warnings).toEqual([]);
    await using again = await Learner.open({
      model: { model: base.model, weights: new Map([...base.weights, ...loaded.weights]) },
      strategy: loaded.strategy,
      backend,
    });
    const logits = async (of: Learner) => Array.from((await of.outputs(fields, ['logits'])).get('logits')!.data);
    const expected = await logits(learner);
    for (const [index, value] of (await logits(again)).entries()) expect(value).toBeCloseTo(expected[index]!, 5);
  });

  test('go on from a saved state bit for bit', async () => {
    await using whole = await open({}, 5);
    await using first = await open({}, 5);
    for (let step = 0; step < 3; step++) {
      await whole.step(batches);
      await first.step(batches);
    }
    await using second = await open({}, 5);
    second.restore(await first.state(), 3);
    for (let step = 3; step < 5; step++) expect(await second.step(batches)).toEqual(await whole.step(batches));
    expect(await second.weights()).toEqual(await whole.weights());
  });
});

test.each<[string, AdaloraOptions, number | undefined, string]>([
  ['does not know its steps', {}, undefined, 'totalStep'],
  ['has no step for a choice', { tinit: 4, tfinal: 1 }, 5, 'tinit'],
  ['comes from a file without the ranks that it gave away', { keptTriplets: { x: [true] } }, 5, 'keptTriplets'],
])('T17: adalora that %s does not train', async (_, options, steps, field) => {
  await expect(open(options, steps)).rejects.toMatchObject({ code: 'E_STRATEGY', field });
});

test('T17: a target above the start is refused', () => {
  expect(() => adaloraMethod.parse({ initR: 4, targetR: 5 })).toThrow(
    expect.objectContaining({ code: 'E_CONFIG', field: 'targetR' }),
  );
});
