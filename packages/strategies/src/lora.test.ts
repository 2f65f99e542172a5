import { combineAdaptations, type Strategy, sequenceClassificationObjective } from '@attune/core';
import { describeModel, planModel, traceLoss } from '@attune/core/internal';
import { skipsGolden } from '@attune/hub/testing/python';
import { hostTensor, tensorType } from '@attune/ir';
import { decomposeAll } from '@attune/ir/internal';
import { type LoadedModel, loadModel } from '@attune/models';
import { beforeAll, describe, expect, test } from 'vitest';
import { mergeAdapter, unmergeAdapter } from './adapters/merge.js';
import { full } from './full.js';
import { head } from './head.js';
import { type LoraOptions, lora, loraMethod } from './lora.js';
import { adaptedWeights, distance, loadBase, outputsOf } from './testing/base-bert.js';

let base: LoadedModel;
beforeAll(async () => {
  if (!skipsGolden) base = await loadBase();
});

const trained = (...strategies: readonly Strategy[]): readonly string[] => {
  return [...planModel(base.model, strategies).trainable];
};

describe.skipIf(skipsGolden)('what trains', () => {
  test('full: everything', () => {
    expect(trained(full())).toEqual([...base.weights.keys()]);
  });

  test('head: the classifier, and only its own dropout is on', () => {
    expect(trained(head())).toEqual(['classifier.weight', 'classifier.bias']);
    const { dropoutAt } = head().adapt(base.model);
    expect(
      ['bert.embeddings', 'bert.encoder.layer.0.output', '', 'classifier'].map((path) => dropoutAt?.(path)),
    ).toEqual([false, false, false, true]);
    expect(() => head().adapt({ ...base.model, task: { ...base.model.task, headModules: [] } })).toThrow(
      expect.objectContaining({ code: 'E_STRATEGY' }),
    );
  });

  test('LoRA: A, B and the head', () => {
    const names = trained(lora({ layersToTransform: [0], targetModules: ['query'] }));
    const query = 'bert.encoder.layer.0.attention.self.query';
    expect(names).toEqual([
      `${query}.lora_A.default.weight`,
      `${query}.lora_B.default.weight`,
      'classifier.weight',
      'classifier.bias',
    ]);
  });

  test.each<[LoraOptions, number]>([
    [{ bias: 'none', modulesToSave: [] }, 0],
    [{ bias: 'lora_only', modulesToSave: [] }, 4],
    [{ bias: 'all', modulesToSave: [] }, 19],
  ])('%j: %d biases', (options, count) => {
    expect(trained(lora(options)).filter((name) => name.endsWith('.bias'))).toHaveLength(count);
  });

  test('nothing of an adapter in inference mode, and what another strategy trains', () => {
    expect(trained(lora({ inferenceMode: true }))).toEqual([]);
    expect(trained(head(), lora({ inferenceMode: true, adapterName: 'a' }))).toEqual([
      'classifier.weight',
      'classifier.bias',
    ]);
  });

  test('layers that no target matches are an error that names what there is', () => {
    expect(() => lora({ targetModules: ['q_proj'] }).adapt(base.model)).toThrow(
      expect.objectContaining({
        code: 'E_STRATEGY',
        field: 'targetModules',
        message: expect.stringContaining('query'),
      }),
    );
  });
});

describe.skipIf(skipsGolden)('dropout', () => {
  const rates = { hidden: 0.1, attention: 0.1, classifier: 0.1 };

  /** The number of dropout masks of a training step. */
  function masks({ model }: LoadedModel, strategy: Strategy): number {
    const { rewrite, dropoutAt } = strategy.adapt(model);
    const batch = model.inputs({ batch: 2, tokens: 4 });
    const { program } = traceLoss({
      model,
      batch: { ...batch, labels: tensorType([2], 'i32') },
      objective: sequenceClassificationObjective({ classes: 3 }),
      rewrites: rewrite ? [rewrite] : [],
      training: true,
      ...(dropoutAt ? { dropoutAt } : {}),
    });
    return decomposeAll(program).ops.filter(({ definition }) => definition.name === 'random_bits').length;
  }

  test('LoRA drops its own input, once per adapted layer', () => {
    expect(masks(base, lora())).toBe(0);
    expect(masks(base, lora({ dropout: 0.2 }))).toBe(4);
  });

  test('the part that `head` freezes has none', async () => {
    const noisy = await loadModel(base.source, { task: 'sequence-classification', dropout: rates });
    expect(masks(noisy, full())).toBe(8);
    expect(masks(noisy, head())).toBe(1);
  });
});

describe.skipIf(skipsGolden)('what it computes', () => {
  test('nothing new at the start: B begins at 0, and A as torch begins a linear layer', () => {
    const { rewrite } = lora({ r: 4 }).adapt(base.model);
    const { parameters } = describeModel(base.model, rewrite && [rewrite]);
    const initializers = parameters.filter(({ name }) => name.includes('lora_')).map(({ initializer }) => initializer);
    expect(initializers.slice(0, 2)).toEqual([
      { kind: 'uniform', bound: 1 / Math.sqrt(32) },
      { kind: 'constant', value: 0 },
    ]);
  });

  const everything: LoraOptions = {
    r: 3,
    alpha: 5,
    rslora: true,
    targetModules: ['query', 'dense', 'word_embeddings'],
    rankPattern: { 'intermediate.dense': 2 },
    loraBias: true,
    bias: 'lora_only',
  };

  test('merging gives the same outputs, and unmerging the base again', async () => {
    const strategy = lora(everything);
    const weights = adaptedWeights(base, [strategy]);
    const adapted = await outputsOf(base, weights, [strategy]);
    const plan = loraMethod.plan(base.model, everything);
    const merged = mergeAdapter(weights, plan);
    expect([...merged.keys()].sort()).toEqual([...base.weights.keys()].sort());
    expect(distance(await outputsOf(base, merged), adapted)).toBeLessThan(1e-5);
    expect(distance(await outputsOf(base, base.weights), adapted)).toBeGreaterThan(0.05);
    const again = unmergeAdapter(merged, weights, plan);
    expect([...again.keys()].sort()).toEqual([...weights.keys()].sort());
    for (const [name, { data }] of weights) expect(distance(again.get(name)!.data, data)).toBeLessThan(1e-6);
  });

  test('several adapters add up, in one layer and merged', async () => {
    const [one, two] = [
      { adapterName: 'one', r: 2, targetModules: ['query'] },
      { adapterName: 'two', r: 4, alpha: 2, targetModules: ['query', 'value'] },
    ];
    const strategies = [lora(one), lora(two)];
    const weights = adaptedWeights(base, strategies);
    const both = await outputsOf(base, weights, strategies);
    const { merge } = combineAdaptations(strategies.map((strategy) => strategy.adapt(base.model)));
    const merged = merge!(weights);
    expect([...merged.keys()].sort()).toEqual([...base.weights.keys()].sort());
    expect(distance(await outputsOf(base, merged), both)).toBeLessThan(1e-5);
    const alone = await outputsOf(base, weights, [lora(one)]);
    expect(distance(alone, both)).toBeGreaterThan(0.01);
  });

  test('merging weights without the adapter is an error', () => {
    const plan = loraMethod.plan(base.model, {});
    expect(() => mergeAdapter(base.weights, plan)).toThrow(expect.objectContaining({ code: 'E_WEIGHTS_MISMATCH' }));
    expect(() => mergeAdapter(new Map([['x', hostTensor([1], [0])]]), plan)).toThrow(
      expect.objectContaining({ code: 'E_WEIGHTS_MISMATCH' }),
    );
  });
});
