/** For tests: what every adapter method has to keep. A method's own test calls this and says no more than its options. */
import { initialize, Learner, type Strategy, sequenceClassificationObjective } from '@attune/core';
import { planModel } from '@attune/core/internal';
import { MemoryStorage } from '@attune/hub';
import { type HostTensor, hostTensor, referenceBackend } from '@attune/ir';
import { type LoadedModel, loadModel } from '@attune/models';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadAdapter } from '../adapters/load.js';
import { mergeAdapter, unmergeAdapter } from '../adapters/merge.js';
import type { AdapterMethod } from '../adapters/method.js';
import { distance } from './base-bert.js';

type Weights = ReadonlyMap<string, HostTensor>;

export interface AdapterCase {
  readonly method: AdapterMethod;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether an adapter that has just begun changes the outputs, as random virtual tokens do; false by default. */
  readonly changesAtStart?: boolean;
  /** Whether merged weights still hold what the base was; true by default, and nothing for what cannot be merged. */
  readonly isReversible?: boolean;
}

const fields = {
  inputIds: hostTensor([2, 4], [2, 5, 9, 3, 2, 7, 3, 0], 'i32'),
  attentionMask: hostTensor([2, 4], [1, 1, 1, 1, 1, 1, 1, 0], 'i32'),
  tokenTypeIds: hostTensor([2, 4], [0, 0, 1, 1, 0, 0, 0, 0], 'i32'),
};
const batch = { tensors: { ...fields, labels: hostTensor([2], [0, 2], 'i32') } };

export function adapterConformance({
  method,
  options = {},
  changesAtStart = false,
  isReversible = true,
}: AdapterCase): void {
  describe(`${method.name}: what every adapter method keeps`, () => {
    const strategy = method.strategy(options);
    let base: LoadedModel;
    beforeAll(async () => {
      const directory = await writeTinyBert(new MemoryStorage('base'));
      base = await loadModel(directory, {
        task: 'sequence-classification',
        labels: ['a', 'b', 'c'],
        dropout: { hidden: 0, attention: 0, classifier: 0 },
      });
    });

    const outputs = (weights: Weights, strategies: readonly Strategy[] = []) => {
      const { model, rewrites } = planModel(base.model, strategies);
      return [...forwardOutputs(model, weights, fields, rewrites).values()].flatMap(({ data }) => Array.from(data));
    };
    /** All of the adapter somewhere else than where it begins. */
    const trained = (): Weights => {
      const { parameters, trainable } = planModel(base.model, [strategy]);
      const noise = { kind: 'normal', standardDeviation: 0.2 } as const;
      return new Map(
        parameters.map(({ name, type }) => {
          const own = trainable.has(name) ? undefined : base.weights.get(name);
          return [name, own ?? initialize(noise, type, 7, name)];
        }),
      );
    };
    const learner = (weights: Weights) =>
      Learner.open({
        model: { model: base.model, weights },
        objective: sequenceClassificationObjective({ classes: 3 }),
        strategy,
        backend: referenceBackend(),
        learningRate: 0.1,
      });

    test(changesAtStart ? 'changes the outputs from the start' : 'changes nothing at the start', async () => {
      await using begun = await learner(base.weights);
      const moved = distance(outputs(begun.adapted.weights, [strategy]), outputs(base.weights));
      if (changesAtStart) expect(moved).toBeGreaterThan(1e-3);
      else expect(moved).toBeLessThan(1e-6);
    });

    test('merging gives the same outputs and the base again, or is refused by name', () => {
      const plan = method.plan(base.model, options);
      const weights = trained();
      if (!plan.folding) {
        expect(() => mergeAdapter(weights, plan)).toThrow(
          expect.objectContaining({ code: 'E_STRATEGY', message: expect.stringContaining(method.name) }),
        );
        return;
      }
      const adapted = outputs(weights, [strategy]);
      const merged = mergeAdapter(weights, plan);
      expect([...merged.keys()].sort()).toEqual([...base.weights.keys()].sort());
      expect(distance(outputs(merged), adapted)).toBeLessThan(1e-5);
      expect(distance(outputs(base.weights), adapted)).toBeGreaterThan(1e-3);
      if (!isReversible) {
        expect(() => unmergeAdapter(merged, weights, plan)).toThrow(
          expect.objectContaining({ code: 'E_STRATEGY', message: expect.stringContaining(method.name) }),
        );
        return;
      }
      const again = unmergeAdapter(merged, weights, plan);
      expect([...again.keys()].sort()).toEqual([...weights.keys()].sort());
      for (const [name, { data }] of weights) expect(distance(again.get(name)!.data, data)).toBeLessThan(1e-6);
    });

    test('comes back from its files bit for bit, and is written the same again', async () => {
      const weights = trained();
      const [first, second] = [new MemoryStorage('adapter'), new MemoryStorage('adapter')];
      await strategy.adapt(base.model).adapter!.save(first, weights, 'base');
      const loaded = await loadAdapter(first, base.model);
      expect([loaded.warnings, loaded.base, loaded.plan.method]).toEqual([[], 'base', method.name]);
      expect(loaded.weights.size).toBeGreaterThan(0);
      for (const [name, tensor] of loaded.weights) expect(tensor).toEqual(weights.get(name));
      const all = new Map([...base.weights, ...loaded.weights]);
      expect(outputs(all, [loaded.strategy])).toEqual(outputs(weights, [strategy]));
      await loaded.strategy.adapt(base.model).adapter!.save(second, all, 'base');
      const files = (await first.list('')).map(({ name }) => name);
      expect(files).toContain('adapter_config.json');
      for (const file of files) expect(await second.read(file)).toEqual(await first.read(file));
    });

    test('a gradient reaches everything that trains, and steps leave everything else', async () => {
      const weights = trained();
      await using own = await learner(weights);
      const gradients = await own.gradients([batch]);
      expect([...gradients.keys()].sort()).toEqual([...own.adapted.trainable].sort());
      const still = [...gradients].filter(([, { data }]) => data.every((value) => value === 0));
      expect(still.map(([name]) => name)).toEqual([]);
      for (let step = 0; step < 2; step++) await own.step([batch]);
      for (const [name, tensor] of await own.weights()) {
        if (own.adapted.trainable.has(name)) expect(tensor, name).not.toEqual(weights.get(name));
        else expect(tensor, name).toEqual(weights.get(name));
      }
    });

    test('two that want the same layer are refused by name', () => {
      expect(() => planModel(base.model, [strategy, method.strategy(options)])).toThrow(
        expect.objectContaining({
          code: 'E_STRATEGY',
          message: expect.stringContaining(`${method.name} "default" and ${method.name} "default"`),
        }),
      );
    });
  });
}
