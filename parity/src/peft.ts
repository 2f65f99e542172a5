import type { Strategy } from '@attune/core';
import { planModel } from '@attune/core/internal';
import { adapterTensorName, MemoryStorage, readJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type HostTensor, hostTensor, isAttuneError } from '@attune/ir';
import { loadModel } from '@attune/models';
import { modelTypes } from '@attune/models/internal';
import { type AdapterPlan, adapterMethods, type LoadedAdapter, loadAdapter, mergeAdapter } from '@attune/strategies';
import { z } from 'zod';
import { readBatch, readTensors } from './batch-file.js';
import { runBitfit } from './bitfit.js';
import { combinationsSchema, runCombinations } from './combined-adapters.js';
import { join } from './golden-file.js';
import { noiseSchema, toleranceOf, trajectorySchema } from './meta.js';
import { goldenTasks, masked } from './models.js';
import { packedBase } from './packed-base.js';
import {
  Comparison,
  type ParityContext,
  type ParityFolder,
  type ParityGroup,
  type ParityOutcome,
  unsupported,
} from './parity-case.js';
import { forward, gradients, type Recipe, trajectory } from './trajectory.js';

/** A group of an optimizer's parameters. */
const groupSchema = z.looseObject({ lr: z.number(), weight_decay: z.number(), tensors: z.number().int() });

const metaSchema = z.looseObject({
  base: z.string(),
  peft_type: z.string().optional(),
  combinations: combinationsSchema.optional(),
  trajectory: trajectorySchema.extend({ groups: z.array(groupSchema).optional() }).optional(),
  f32_noise: noiseSchema,
});

const configSchema = z.looseObject({ model_type: z.string() });
const baseSchema = z.looseObject({ task: z.string() });

/** Folders with case.safetensors and meta.json that name a base: adapters of PEFT. */
export const peftGroup: ParityGroup = async (folder) => {
  if (!folder.files.includes('case.safetensors') || !folder.files.includes('meta.json')) return [];
  return [{ id: folder.path || folder.storage.name, run: (context) => runAdapter(folder, context) }];
};

async function runAdapter({ storage, path }: ParityFolder, context: ParityContext): Promise<ParityOutcome> {
  const { device } = context;
  const parsed = metaSchema.safeParse(await readJson(storage, join(path, 'meta.json')));
  if (!parsed.success) return unsupported('cases of this form do not exist yet');
  const meta = parsed.data;
  if (meta.combinations) return runCombinations(`${storage.name}/${path}`, meta.base, meta.combinations, context);
  const at = (file: string) => nodeStorage(`${storage.name}/${path}/${file}`.replaceAll('//', '/'));
  const baseDirectory = at(`../${meta.base}`);
  const { model_type: family } = configSchema.parse(await readJson(baseDirectory, 'config.json'));
  const { task: name } = baseSchema.parse(await readJson(baseDirectory, 'meta.json'));
  if (meta.peft_type?.startsWith('BITFIT')) {
    return runBitfit(at('').name, { meta, base: baseDirectory.name, task: name }, context);
  }
  const task = goldenTasks[name];
  const isMethod = adapterMethods.some(({ peftType }) => peftType === meta.peft_type);
  if (!task || !modelTypes.includes(family) || !isMethod)
    return unsupported(`${meta.peft_type ?? 'this method'} on ${meta.base} does not exist yet`);
  const groups = (meta.trajectory?.groups ?? []).filter(({ tensors }) => tensors > 0);
  if (groups.length > 2) return unsupported('learning rates of more than two kinds do not exist yet');
  const loaded = await loadModel(baseDirectory, { task: task.task });
  const golden = await readTensors(storage, join(path, 'case.safetensors'));
  const base = packedBase(loaded, golden);
  const load = (folder: string) => loadAdapter(at(folder), base.model, { baseWeights: base.weights });
  const initial = await load('adapter_init').catch((error: unknown) => {
    if (isAttuneError(error) && error.code === 'E_ADAPTER_UNSUPPORTED') return error.message;
    throw error;
  });
  if (typeof initial === 'string') return unsupported(initial);
  const { plan } = initial;
  const weightsWith = (adapter: LoadedAdapter) => new Map([...base.weights, ...adapter.weights]);
  const classes = loaded.labels.length > 0 ? loaded.labels.length : Number(base.model.config.vocab_size);
  const plain: Recipe = {
    model: base.model,
    objective: task.objective(classes),
    weights: base.weights,
    trains: () => false,
  };
  const encoder = encoderOf(golden, initial);
  const recipe: Recipe = {
    ...plain,
    strategies: [encoder?.strategy ?? withRates(initial, groups)],
    weights: new Map([...weightsWith(initial), ...(encoder?.weights ?? [])]),
    trains: (_, before) => before,
  };
  const batch = await readBatch(baseDirectory, 'batch.safetensors');
  const noise = meta.f32_noise;
  const comparison = new Comparison();
  const logits = async (name: string, of: Recipe) => {
    const want = golden.get(name);
    if (!want) return;
    const found = (await forward(of, batch, device)).get('logits');
    const mask = batch.attentionMask!;
    comparison.add(
      name,
      masked(found, mask),
      masked(ofText(want, mask), mask) ?? [],
      toleranceOf(3e-5, noise, 'logits'),
    );
  };
  await logits('logits_base', plain);
  await logits('logits_before', recipe);
  const tokens = encoder && (await savedTokens(base.model, recipe));
  if (tokens) {
    const want = initial.weights.get('prompt_embeddings.default');
    if (want) comparison.addTensor('prompt_embeddings', tokens, want, toleranceOf(3e-5, noise, 'logits'));
  }
  const ofBase = [...golden].filter(([name]) => name.startsWith('base/'));
  const residual = ofBase.length > 0 ? residualOf(recipe.weights, plan) : undefined;
  for (const [name, want] of ofBase) {
    comparison.addTensor(name, residual?.get(name.slice('base/'.length)), want, { rtol: 0, atol: 3e-5 });
  }
  const got = await gradients(recipe, batch, device);
  comparison.addTensor('loss', got.get('loss'), golden.get('loss')!, toleranceOf(1e-5, noise, 'losses'));
  const { parameters } = planModel(base.model, recipe.strategies ?? []);
  const keys = new Map(parameters.map(({ name }) => [plan.keyOf(name) ?? name.replace('.default.', '.'), name]));
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
    const { losses } = await trajectory(
      recipe,
      batches,
      { ...meta.trajectory, ...groups[0], steps: meta.trajectory.steps },
      device,
    );
    comparison.add('losses', losses, golden.get('losses')!.data, toleranceOf(1e-5, noise, 'losses'));
  }
  const after = await load('adapter_trained');
  const trained: Recipe = { ...recipe, strategies: [after.strategy], weights: weightsWith(after) };
  await logits('logits_after', trained);
  if (!after.plan.folding) return comparison.outcome;
  const merged = mergeAdapter(trained.weights, after.plan);
  const noisy = new Set(Object.keys(noise.noisy_parameters ?? {}).map((name) => moduleOf(adapterTensorName(name))));
  const rate = meta.trajectory?.lr ?? 0;
  for (const [name, want] of golden) {
    if (!name.startsWith('merged/')) continue;
    const own = name.slice('merged/'.length);
    const isNoisy = noisy.has(moduleOf(own));
    const tolerance = isNoisy ? toleranceOf(10 * rate, noise, 'merged') : { rtol: 0, atol: 3e-5 };
    comparison.addTensor(name, merged.get(own), want, tolerance);
  }
  await logits('logits_merged', { ...plain, model: base.model.packed?.unpacked ?? base.model, weights: merged });
  return comparison.outcome;
}

/** The adapter, by LoRA+ if its B matrices have a rate of their own, which no file of PEFT says. */
function withRates({ plan, strategy }: LoadedAdapter, [a, b]: readonly z.output<typeof groupSchema>[]): Strategy {
  if (!a || !b) return strategy;
  return strategyOf(plan, { loraplusLrRatio: b.lr / a.lr });
}

/** The encoder of P-tuning, which files of PEFT do not hold. */
function encoderOf(
  golden: Recipe['weights'],
  { plan }: LoadedAdapter,
): { readonly strategy: Strategy; readonly weights: Recipe['weights'] } | undefined {
  const prefix = 'init/prompt_encoder.';
  const weights = [...golden].flatMap(([name, tensor]) =>
    name.startsWith(prefix) ? [[`prompt_encoder.default.${name.slice(prefix.length)}`, tensor] as const] : [],
  );
  if (weights.length === 0) return undefined;
  return { strategy: strategyOf(plan, { encodes: true }), weights: new Map(weights) };
}

/** What is saved of an encoder: the tokens that it makes. */
async function savedTokens(model: Recipe['model'], { strategies = [], weights }: Recipe): Promise<HostTensor> {
  const storage = new MemoryStorage('saved');
  await strategies[0]?.adapt(model).adapter?.save(storage, weights, 'base');
  const saved = await loadAdapter(storage, model);
  return saved.weights.get('prompt_embeddings.default')!;
}

const strategyOf = ({ method, settings }: AdapterPlan, options: Readonly<Record<string, unknown>>): Strategy =>
  adapterMethods.find(({ name }) => name === method)!.strategy({ ...settings, ...options });

/** The base as PEFT leaves it under an adapter that starts from its weights: with an adapter of zeros. */
function residualOf(weights: Recipe['weights'], plan: AdapterPlan): Recipe['weights'] | undefined {
  if (!plan.folding) return undefined;
  const emptied = [...weights].map(([name, tensor]) =>
    plan.own(name) === 'trained'
      ? ([name, { ...tensor, data: new Float32Array(tensor.data.length) }] as const)
      : ([name, tensor] as const),
  );
  return mergeAdapter(new Map(emptied), plan);
}

/** Without what PEFT has at virtual tokens, which come first. */
function ofText({ type, data }: HostTensor, mask: HostTensor): HostTensor {
  const [rows, places, width] = type.shape;
  const tokens = mask.type.shape[1]!;
  if (rows === undefined || places === undefined || width === undefined || places === tokens) return { type, data };
  const kept = Float32Array.from({ length: rows * tokens * width }, (_, index) => {
    const row = Math.floor(index / (tokens * width));
    return data[index + (row + 1) * (places - tokens) * width]!;
  });
  return hostTensor([rows, tokens, width], kept);
}

/** The layer that a parameter or a part of its adapter belongs to. */
const moduleOf = (name: string): string =>
  name.replace(/\.((lora|vera|ia3|hada|lokr|oft|boft)_.*|base_layer\..*|modules_to_save\..*|weight|bias)$/, '');
