import { adaptModel } from '@attune/core';
import { planModel } from '@attune/core/internal';
import { MemoryStorage } from '@attune/hub';
import { type HostTensor, hostTensor } from '@attune/ir';
import { createModel, type LoadedModel } from '@attune/models';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';
import { tinyDecoders } from '@attune/models/testing/tiny-decoders';
import { beforeAll, expect, test } from 'vitest';
import { type LoadedAdapter, loadAdapter } from './adapters/load.js';
import { type CombineAdaptersOptions, combineAdapters } from './combine-adapters.js';
import { dora } from './dora.js';
import { type LoraOptions, lora } from './lora.js';
import { distance } from './testing/base-bert.js';

let base: LoadedModel;
let one: LoadedAdapter;
let two: LoadedAdapter;
let wide: LoadedAdapter;

beforeAll(async () => {
  base = await createModel(tinyDecoders.llama, { task: 'causal-language-modeling', seed: 3 });
  one = await adapter({ r: 2, alpha: 3 }, 'a', 1);
  two = await adapter({ r: 2, targetModules: ['q_proj', 'k_proj'] }, 'b', 2);
  wide = await adapter({ r: 3, rslora: true }, 'c', 3);
});

async function adapter(options: LoraOptions, adapterName: string, seed: number): Promise<LoadedAdapter> {
  const strategy = lora(options);
  const { weights } = adaptModel(base.model, base.weights, [strategy], seed);
  const moved = [...weights].map(([name, tensor]): [string, HostTensor] =>
    name.includes('lora_B')
      ? [name, { ...tensor, data: tensor.data.map((_, at) => Math.sin(at + seed)) }]
      : [name, tensor],
  );
  const storage = new MemoryStorage(adapterName);
  await strategy.adapt(base.model).adapter!.save(storage, new Map(moved), 'base');
  return loadAdapter(storage, base.model, { adapterName });
}

function outputs(...adapters: readonly LoadedAdapter[]): readonly number[] {
  const { model, rewrites } = planModel(
    base.model,
    adapters.map(({ strategy }) => strategy),
  );
  const weights = new Map([...base.weights, ...adapters.flatMap((each) => [...each.weights])]);
  const inputIds = hostTensor([1, 4], [2, 5, 9, 3], 'i32');
  const attentionMask = hostTensor([1, 4], [1, 1, 1, 1], 'i32');
  return Array.from(forwardOutputs(model, weights, { inputIds, attentionMask }, rewrites).get('logits')!.data);
}

test.each<[string, CombineAdaptersOptions]>([
  ['cat', { weights: [1, 1], combinationType: 'cat' }],
  ['svd of enough rank', { weights: [1, 1], combinationType: 'svd', svdRank: 5 }],
])('%s computes what both adapters do at once, and comes back from its files', async (_, options) => {
  const combined = await combineAdapters([two, wide], options);
  expect(combined.plan.settings).toMatchObject({ r: 5, alpha: 5, rslora: false });
  expect(distance(outputs(combined), outputs(two, wide))).toBeLessThan(1e-4);
  const storage = new MemoryStorage('combined');
  await combined.strategy.adapt(base.model).adapter!.save(storage, combined.weights, 'base');
  expect(outputs(await loadAdapter(storage, base.model))).toEqual(outputs(combined));
});

test.each(['linear', 'ties', 'dare_linear', 'dare_ties', 'magnitude_prune', 'ties_svd', 'dare_linear_svd'] as const)(
  '%s is the same every time, and not that of other weights',
  async (combinationType) => {
    const combine = (...weights: number[]) =>
      combineAdapters([one, two], { weights, combinationType, density: 0.6, seed: 4 });
    const found = outputs(await combine(0.7, -1.3));
    expect(found).toEqual(outputs(await combine(0.7, -1.3)));
    expect(distance(found, outputs(await combine(1, 1)))).toBeGreaterThan(1e-3);
    expect(found.every(Number.isFinite)).toBe(true);
  },
);

test('DARE keeps the share of numbers that it is told to', async () => {
  const [one, two] = await Promise.all(
    [0.5, 1].map((density) => combineAdapters([wide], { weights: [1], combinationType: 'dare_linear', density })),
  );
  const zeros = ({ weights }: LoadedAdapter) =>
    [...weights]
      .flatMap(([name, { data }]) => (name.includes('lora_') ? Array.from(data) : []))
      .map((x) => Number(x === 0));
  const share = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  expect(share(zeros(one!))).toBeGreaterThan(0.4);
  expect(share(zeros(one!))).toBeLessThan(0.6);
  expect(share(zeros(two!))).toBe(0);
});

test('what cannot be combined is refused', async () => {
  const method = dora({ r: 2 });
  const { weights } = adaptModel(base.model, base.weights, [method], 0);
  const storage = new MemoryStorage('dora');
  await method.adapt(base.model).adapter!.save(storage, weights, 'base');
  const other = await loadAdapter(storage, base.model);
  const cases: readonly [readonly LoadedAdapter[], CombineAdaptersOptions, string, string][] = [
    [[one, other], { weights: [1, 1] }, 'E_STRATEGY', 'adapters'],
    [[one, two], { weights: [1] }, 'E_CONFIG', 'weights'],
    [[one, wide], { weights: [1, 1], combinationType: 'linear' }, 'E_STRATEGY', 'r'],
    [[one, two], { weights: [1, 1], combinationType: 'ties' }, 'E_CONFIG', 'density'],
  ];
  for (const [adapters, options, code, field] of cases) {
    await expect(combineAdapters(adapters, options)).rejects.toMatchObject({ code, field });
  }
});
