/** Several adapters on one base: one at a time, two at once, and combined into one, as PEFT does. */
import { causalLanguageModeling } from '@attune/core';
import { nodeStorage } from '@attune/hub/node';
import { loadModel } from '@attune/models';
import { combineAdapters, type LoadedAdapter, loadAdapter, type MaskOf } from '@attune/strategies';
import { z } from 'zod';
import { readBatch, readTensors } from './batch-file.js';
import { masked } from './models.js';
import { Comparison, type ParityContext, type ParityOutcome } from './parity-case.js';
import { forward, type Recipe } from './trajectory.js';

const combinationSchema = z.looseObject({
  adapters: z.array(z.string()),
  weights: z.array(z.number()),
  combination_type: z.enum(['linear', 'cat', 'svd', 'ties', 'dare_linear', 'dare_ties', 'magnitude_prune']),
  svd_rank: z.number().optional(),
  density: z.number().optional(),
  majority_sign_method: z.enum(['total', 'frequency']).optional(),
});

export const combinationsSchema = z.record(z.string(), combinationSchema);

/** @param folder of the case */
export async function runCombinations(
  folder: string,
  baseName: string,
  combinations: z.output<typeof combinationsSchema>,
  { device }: ParityContext,
): Promise<ParityOutcome> {
  const at = (file: string) => nodeStorage(`${folder}/${file}`.replaceAll('//', '/'));
  const base = await loadModel(at(`../${baseName}`), { task: 'causal-language-modeling' });
  const golden = await readTensors(at(''), 'case.safetensors');
  const batch = await readBatch(at(`../${baseName}`), 'batch.safetensors');
  const comparison = new Comparison();
  const compare = async (name: string, adapters: readonly LoadedAdapter[]) => {
    const recipe: Recipe = {
      model: base.model,
      objective: causalLanguageModeling({ classes: Number(base.model.config.vocab_size) }),
      strategies: adapters.map(({ strategy }) => strategy),
      weights: new Map([...base.weights, ...adapters.flatMap(({ weights }) => [...weights])]),
      trains: () => false,
    };
    const want = golden.get(`${name}/logits`)!;
    const found = (await forward(recipe, batch, device)).get('logits');
    const mask = batch.attentionMask!;
    comparison.add(name, masked(found, mask), masked(want, mask) ?? [], { rtol: 0, atol: 3e-5 });
  };
  const load = (adapterName: string) => loadAdapter(at(`adapter_${adapterName}`), base.model, { adapterName });
  const loaded = new Map<string, LoadedAdapter>();
  for (const name of ['a', 'b', 'c']) loaded.set(name, await load(name));
  const named = (names: readonly string[]) => names.map((name) => loaded.get(name)!);
  await compare('disabled', []);
  for (const names of [['a'], ['b'], ['c'], ['a', 'b'], ['b', 'c']]) await compare(names.join('+'), named(names));
  for (const [name, { adapters, weights, ...options }] of Object.entries(combinations)) {
    const parts = named(adapters);
    const combined = await combineAdapters(
      parts,
      {
        weights,
        combinationType: options.combination_type,
        ...(options.svd_rank === undefined ? {} : { svdRank: options.svd_rank }),
        ...(options.density === undefined ? {} : { density: options.density }),
        ...(options.majority_sign_method ? { majoritySignMethod: options.majority_sign_method } : {}),
      },
      goldenMasks(golden, name, parts),
    );
    await compare(name, [combined]);
  }
  return comparison.outcome;
}

/** In PEFT's order: for each layer A of each adapter, then B of each. */
function goldenMasks(golden: Recipe['weights'], name: string, parts: readonly LoadedAdapter[]): MaskOf | undefined {
  if (!golden.has(`${name}/mask.0`)) return undefined;
  const paths = parts[0]!.plan.targets;
  return (tensor, index) => {
    const layer = paths.findIndex((path) => tensor.startsWith(`${path}.`));
    const part = tensor.endsWith('lora_A') ? 0 : 1;
    return golden.get(`${name}/mask.${(layer * 2 + part) * parts.length + index}`)!.data;
  };
}
