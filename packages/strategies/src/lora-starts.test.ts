import { adaptModel, Learner, sequenceClassificationObjective } from '@attune/core';
import { planModel, startedModel } from '@attune/core/internal';
import { MemoryStorage, readJson, writeJson } from '@attune/hub';
import { type HostTensor, hostTensor, referenceBackend } from '@attune/ir';
import { type LoadedModel, loadModel } from '@attune/models';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadAdapter } from './adapters/load.js';
import { mergeAdapter, unmergeAdapter } from './adapters/merge.js';
import { type LoraOptions, lora, loraMethod } from './lora.js';
import { distance } from './testing/base-bert.js';

const fields = {
  inputIds: hostTensor([2, 4], [2, 5, 9, 3, 2, 7, 3, 0], 'i32'),
  attentionMask: hostTensor([2, 4], [1, 1, 1, 1, 1, 1, 1, 0], 'i32'),
  tokenTypeIds: hostTensor([2, 4], [0, 0, 1, 1, 0, 0, 0, 0], 'i32'),
};
const batch = { tensors: { ...fields, labels: hostTensor([2], [0, 1], 'i32') } };
// A square layer, one that is wider than high, and one that is higher than wide.
const targets = { targetModules: ['query', 'intermediate.dense', 'output.dense'], r: 3, alpha: 7 };

let base: LoadedModel;
beforeAll(async () => {
  base = await loadModel(await writeTinyBert(new MemoryStorage('base')), {
    task: 'sequence-classification',
    labels: ['a', 'b'],
    dropout: { hidden: 0, attention: 0, classifier: 0 },
  });
});

type Weights = ReadonlyMap<string, HostTensor>;

const outputs = (weights: Weights, options?: LoraOptions) => {
  const { model, rewrites } = planModel(base.model, options ? [lora(options)] : []);
  return [...forwardOutputs(model, weights, fields, rewrites).values()].flatMap(({ data }) => Array.from(data));
};
const started = async (options: LoraOptions) =>
  (await startedModel(adaptModel(base.model, base.weights, [lora(options)], 0))).weights;

/** What of the adapted weights is not the adapter's: the sum of squares. */
function left(weights: Weights, options: LoraOptions): number {
  const plan = loraMethod.plan(base.model, options);
  const emptied = [...weights].map(([name, tensor]): [string, HostTensor] =>
    plan.own(name) === 'trained' ? [name, { ...tensor, data: tensor.data.map(() => 0) }] : [name, tensor],
  );
  const merged = mergeAdapter(new Map(emptied), plan);
  const numbers = plan.targets.flatMap((path) => Array.from(merged.get(`${path}.weight`)!.data));
  return numbers.reduce((sum, x) => sum + x * x, 0);
}

describe.each<LoraOptions>([
  { ...targets, initLoraWeights: 'pissa' },
  { ...targets, initLoraWeights: 'pissa_niter_4', rslora: true, rankPattern: { query: 2 }, alphaPattern: { query: 3 } },
  { ...targets, initLoraWeights: 'olora', loraBias: true },
])('LoRA that starts from the weights: %j', (options) => {
  test('computes the same at the start, always the same way, and trains', async () => {
    const weights = await started(options);
    expect(weights).toEqual(await started(options));
    expect(distance(outputs(weights, options), outputs(base.weights))).toBeLessThan(1e-5);
    const plain: LoraOptions = { ...options, initLoraWeights: true };
    // OLoRA scales its product, so that the rest may be larger than the weight.
    expect(Math.abs(left(weights, options) / left(await started(plain), plain) - 1)).toBeGreaterThan(0.05);
    await using learner = await Learner.open({
      model: { model: base.model, weights: base.weights },
      objective: sequenceClassificationObjective({ classes: 2 }),
      strategy: lora({ ...options, dropout: 0.2 }),
      backend: referenceBackend(),
      learningRate: 0.01,
    });
    expect(learner.adapted.weights.get([...weights.keys()].find((name) => name.includes('lora_A'))!)).toBeDefined();
    const gradients = await learner.gradients([batch]);
    expect([...gradients.keys()].filter((name) => name.includes('lora_')).length).toBeGreaterThan(0);
    expect([...gradients.keys()].filter((name) => name.includes('lora_start'))).toEqual([]);
    for (const { data } of gradients.values()) expect(data.some((value) => value !== 0)).toBe(true);
  });

  test('is merged and unmerged, and saved as plain LoRA of twice the rank', async () => {
    const plan = loraMethod.plan(base.model, options);
    const weights = new Map(
      [...(await started(options))].map(([name, tensor]): [string, HostTensor] =>
        plan.own(name) === 'trained'
          ? [name, { ...tensor, data: tensor.data.map((x, index) => x + 0.1 * Math.sin(index)) }]
          : [name, tensor],
      ),
    );
    const trained = outputs(weights, options);
    expect(distance(trained, outputs(base.weights))).toBeGreaterThan(1e-3);
    const merged = mergeAdapter(weights, plan);
    expect([...merged.keys()].sort()).toEqual([...base.weights.keys()].sort());
    expect(distance(outputs(merged), trained)).toBeLessThan(1e-5);
    for (const [name, { data }] of unmergeAdapter(merged, weights, plan)) {
      expect(distance(data, weights.get(name)!.data)).toBeLessThan(1e-5);
    }
    const storage = new MemoryStorage('adapter');
    await lora(options).adapt(base.model).adapter!.save(storage, weights, 'base');
    expect(await readJson(storage, 'adapter_config.json')).toMatchObject({ init_lora_weights: true, r: 6 });
    const loaded = await loadAdapter(storage, base.model);
    const all = new Map([...base.weights, ...loaded.weights]);
    expect(loaded.plan.settings).toMatchObject({ initLoraWeights: true, r: 6 });
    const { model, rewrites } = planModel(base.model, [loaded.strategy]);
    const again = [...forwardOutputs(model, all, fields, rewrites).values()].flatMap(({ data }) => Array.from(data));
    expect(distance(again, trained)).toBeLessThan(1e-5);
  });
});

test('pissa_niter comes close to pissa, and gaussian starts at the base', async () => {
  const exact: LoraOptions = { ...targets, initLoraWeights: 'pissa' };
  const iterated: LoraOptions = { ...targets, initLoraWeights: 'pissa_niter_8' };
  const least = left(await started(exact), exact);
  const found = left(await started(iterated), iterated);
  expect(found).toBeGreaterThan(least * (1 - 1e-6));
  expect(found).toBeLessThan(least * 1.02);
  const gaussian: LoraOptions = { ...targets, initLoraWeights: 'gaussian' };
  expect(outputs(await started(gaussian), gaussian)).toEqual(outputs(base.weights));
});

test("PEFT's own file of such an adapter needs the base's weights", async () => {
  const storage = new MemoryStorage('adapter');
  const plain = lora(targets).adapt(base.model);
  await plain.adapter!.save(storage, await started(targets), 'base');
  const config = await readJson(storage, 'adapter_config.json');
  await writeJson(storage, 'adapter_config.json', Object.assign({}, config, { init_lora_weights: 'olora' }));
  await expect(loadAdapter(storage, base.model)).rejects.toMatchObject({ code: 'E_ADAPTER_MISMATCH' });
  const { weights } = await loadAdapter(storage, base.model, { baseWeights: base.weights });
  expect([...weights.keys()].filter((name) => name.includes('lora_start_A')).length).toBeGreaterThan(0);
});

test.each<[string, LoraOptions | { readonly initLoraWeights: string }, string, string]>([
  ['an embedding', { targetModules: ['word_embeddings'], initLoraWeights: 'pissa' }, 'E_STRATEGY', 'targetModules'],
  ['a rank above the weight', { r: 500, initLoraWeights: 'olora' }, 'E_STRATEGY', 'r'],
  ['another name', { initLoraWeights: 'pisa' }, 'E_CONFIG', 'initLoraWeights'],
])('%s is refused', (_, options, code, field) => {
  expect(() => loraMethod.plan(base.model, options)).toThrow(expect.objectContaining({ code, field }));
});
