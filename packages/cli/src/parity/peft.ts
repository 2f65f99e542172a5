import { describeModel, regression, sequenceClassification } from '@attune/core';
import { readJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { loadModel } from '@attune/models';
import { adapterKey, loadLora, mergeLora } from '@attune/strategies';
import { z } from 'zod';
import { readBatch, readTensors } from './batch-file.js';
import { join } from './golden-file.js';
import { noiseSchema, toleranceOf, trajectorySchema } from './meta.js';
import {
  Comparison,
  type ParityContext,
  type ParityFolder,
  type ParityGroup,
  type ParityOutcome,
  unsupported,
} from './parity-case.js';
import { forward, gradients, type Recipe, trajectory } from './trajectory.js';

const metaSchema = z.looseObject({
  base: z.string(),
  peft_type: z.string().optional(),
  trajectory: trajectorySchema.optional(),
  f32_noise: noiseSchema,
});

/** Folders with case.safetensors and meta.json that name a base: adapters of PEFT. */
export const peftGroup: ParityGroup = async (folder) => {
  if (!folder.files.includes('case.safetensors') || !folder.files.includes('meta.json')) return [];
  return [{ id: folder.path || folder.storage.name, run: (context) => runAdapter(folder, context) }];
};

const PREFIX = 'base_model.model.';

async function runAdapter({ storage, path }: ParityFolder, { device }: ParityContext): Promise<ParityOutcome> {
  const parsed = metaSchema.safeParse(await readJson(storage, join(path, 'meta.json')));
  if (!parsed.success) return unsupported('cases of this form do not exist yet');
  const meta = parsed.data;
  const at = (file: string) => nodeStorage(`${storage.name}/${path}/${file}`.replaceAll('//', '/'));
  const baseDirectory = at(`../${meta.base}`);
  const config = await readJson(baseDirectory, 'config.json');
  const isBert =
    typeof config === 'object' && config !== null && 'model_type' in config && config.model_type === 'bert';
  if (meta.peft_type !== 'LORA' || !isBert)
    return unsupported(`${meta.peft_type ?? 'this method'} on ${meta.base} does not exist yet`);
  const raw = await readJson(at('adapter_init'), 'adapter_config.json');
  if (typeof raw === 'object' && raw !== null && 'use_dora' in raw && raw.use_dora === true)
    return unsupported('DoRA does not exist yet');
  const base = await loadModel(baseDirectory, { task: 'sequence-classification' });
  const initial = await loadLora(at('adapter_init'), base.model);
  const { plan } = initial;
  const { trainable, rewrite } = initial.strategy.adapt(base.model);
  const { parameters } = describeModel(base.model, rewrite && [rewrite]);
  const weightsWith = (adapter: typeof initial) => new Map([...base.weights, ...adapter.weights]);
  const labels = base.labels.length;
  const plain: Recipe = {
    model: base.model,
    objective: labels === 1 ? regression() : sequenceClassification({ classes: labels }),
    weights: base.weights,
    trains: () => false,
  };
  const recipe: Recipe = {
    ...plain,
    rewrite,
    weights: weightsWith(initial),
    trains: (parameter) => trainable(parameter, false),
  };
  const batch = await readBatch(baseDirectory, 'batch.safetensors');
  const golden = await readTensors(storage, join(path, 'case.safetensors'));
  const noise = meta.f32_noise;
  const comparison = new Comparison();
  const logits = async (name: string, of: Recipe) => {
    const want = golden.get(name);
    if (want)
      comparison.addTensor(
        name,
        (await forward(of, batch, device)).get('logits'),
        want,
        toleranceOf(3e-5, noise, 'logits'),
      );
  };
  await logits('logits_base', plain);
  await logits('logits_before', recipe);
  const got = await gradients(recipe, batch, device);
  comparison.addTensor('loss', got.get('loss'), golden.get('loss')!, toleranceOf(1e-5, noise, 'losses'));
  const keys = new Map(parameters.map(({ name }) => [PREFIX + (adapterKey(name, plan) ?? name), name]));
  for (const [name, want] of golden) {
    if (!name.startsWith('grad/')) continue;
    const own = keys.get(name.slice('grad/'.length));
    comparison.addTensor(
      name,
      own === undefined ? undefined : got.get(`grad/${own}`),
      want,
      toleranceOf(2e-5, noise, 'gradients'),
    );
  }
  if (meta.trajectory) {
    const batches = new Array(meta.trajectory.steps + 1).fill(batch);
    const { losses } = await trajectory(recipe, batches, meta.trajectory, device);
    comparison.add('losses', losses, golden.get('losses')!.data, toleranceOf(1e-5, noise, 'losses'));
  }
  const trained: Recipe = { ...recipe, weights: weightsWith(await loadLora(at('adapter_trained'), base.model)) };
  await logits('logits_after', trained);
  const merged = mergeLora(trained.weights, plan);
  const noisy = new Set(Object.keys(noise.noisy_parameters ?? {}).map((name) => moduleOf(name.slice(PREFIX.length))));
  const rate = meta.trajectory?.lr ?? 0;
  for (const [name, want] of golden) {
    if (!name.startsWith('merged/')) continue;
    const own = name.slice('merged/'.length);
    const isNoisy = noisy.has(moduleOf(own));
    const tolerance = isNoisy ? toleranceOf(10 * rate, noise, 'merged') : { rtol: 0, atol: 3e-5 };
    comparison.addTensor(name, merged.get(own), want, tolerance);
  }
  await logits('logits_merged', { ...plain, weights: merged });
  return comparison.outcome;
}

/** The layer that a parameter or a part of its adapter belongs to. */
const moduleOf = (name: string): string =>
  name.replace(/\.(lora_.*|base_layer\..*|modules_to_save\..*|weight|bias)$/, '');
