import { type HostBatch, sequenceClassificationObjective } from '@attune/core';
import { loadTokenizer, readJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type Device, type HostTensor, hostTensor, zeros } from '@attune/ir';
import { loadModel } from '@attune/models';
import { loadAdapter } from '@attune/strategies';
import { z } from 'zod';
import { readTensors } from './batch-file.js';
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
import { runRealDecoder } from './real-decoder.js';
import { forward, gradientsAlone, type Recipe, trajectory } from './trajectory.js';

const metaSchema = z.looseObject({
  model: z.string(),
  sentences: z.array(z.string()).optional(),
  max_length: z.number().int().optional(),
  labels: z.array(z.string()).optional(),
  batch: z.number().int().optional(),
  method: z.unknown().optional(),
  trajectory: trajectorySchema.optional(),
  gradient_norms_step0: z.record(z.string(), z.number()).default({}),
  final_parameters: z
    .record(
      z.string(),
      z.looseObject({ l2: z.number(), sample_index: z.array(z.number()), sample: z.array(z.number()) }),
    )
    .or(z.string())
    .default({}),
  f32_noise: noiseSchema,
});

/** Folders whose meta.json names a real model: embeddings and fine-tuning of published weights. */
export const realGroup: ParityGroup = async (folder) => {
  if (!folder.files.includes('meta.json')) return [];
  const parsed = metaSchema.safeParse(await readJson(folder.storage, join(folder.path, 'meta.json')));
  if (!parsed.success || folder.files.includes('config.json')) return [];
  return [{ id: folder.path || folder.storage.name, run: (context) => runReal(folder, parsed.data, context) }];
};

type Meta = z.infer<typeof metaSchema>;

async function runReal(folder: ParityFolder, meta: Meta, context: ParityContext): Promise<ParityOutcome> {
  const directory = nodeStorage(
    `${folder.storage.name}/${folder.path}/../../../models/${meta.model}`.replaceAll('//', '/'),
  );
  const ofDecoder = await runRealDecoder(folder, meta, directory, context.isReference ? undefined : context.device);
  if (ofDecoder) return ofDecoder;
  if (context.isReference) return unsupported('too large for the float64 interpreter; run it on a backend');
  return meta.sentences
    ? runEmbeddings(folder, meta, directory, context)
    : runFineTuning(folder, meta, directory, context);
}

type Directory = ReturnType<typeof nodeStorage>;

async function runEmbeddings(
  { storage, path }: ParityFolder,
  meta: Meta,
  directory: Directory,
  { device }: ParityContext,
): Promise<ParityOutcome> {
  const batch = await readTensors(storage, join(path, 'batch.safetensors'));
  const expected = await readTensors(storage, join(path, 'expected.safetensors'));
  const loaded = await loadModel(directory, { task: 'feature-extraction' });
  const tokenizer = await loadTokenizer(directory);
  const comparison = new Comparison();
  const [ids, mask] = [batch.get('input_ids')!, batch.get('attention_mask')!];
  const width = ids.type.shape[1]!;
  const encoded = (meta.sentences ?? []).flatMap((text) => {
    const own = tokenizer.encodeText(text, undefined, meta.max_length ?? width).ids;
    return [...own, ...new Array<number>(width - own.length).fill(tokenizer.padTokenId)];
  });
  comparison.add('token ids', encoded, ids.data, { rtol: 0, atol: 0 });
  const recipe: Recipe = {
    model: loaded.model,
    objective: sequenceClassificationObjective({ classes: 2 }),
    weights: loaded.weights,
    trains: () => false,
  };
  const outputs = await forward(recipe, { inputIds: ids, attentionMask: mask, tokenTypeIds: zeros(ids.type) }, device);
  const tolerance = toleranceOf(1e-5, meta.f32_noise, 'embeddings');
  const normalized = outputs.get('normalized')!;
  comparison.addTensor('embeddings', normalized, expected.get('embeddings')!, tolerance);
  comparison.addTensor('mean_pooled', outputs.get('meanPooled'), expected.get('mean_pooled')!, tolerance);
  comparison.add('similarity', similarities(normalized), expected.get('similarity')!.data, tolerance);
  const first = expected.get('last_hidden_state_first2');
  if (first) {
    const states = corner(outputs.get('lastHiddenState')!, first);
    comparison.add('last_hidden_state', states, first.data, toleranceOf(2e-5, meta.f32_noise, 'last_hidden_state'));
  }
  return comparison.outcome;
}

async function runFineTuning(
  folder: ParityFolder,
  meta: Meta,
  directory: Directory,
  { device }: ParityContext,
): Promise<ParityOutcome> {
  const { storage, path } = folder;
  const { trajectory: settings, batch: batchSize, labels } = meta;
  if (!settings || !batchSize || !labels) return unsupported('this kind of real case does not exist yet');
  const given = await readTensors(storage, join(path, 'batch.safetensors'));
  const expected = await readTensors(storage, join(path, 'expected.safetensors'));
  const loaded = await loadModel(directory, {
    task: 'sequence-classification',
    labels,
    dropout: { hidden: 0, attention: 0, classifier: 0 },
  });
  const weights = new Map(loaded.weights);
  for (const name of ['classifier.weight', 'classifier.bias']) weights.set(name, given.get(name)!);
  let recipe: Recipe = {
    model: loaded.model,
    objective: sequenceClassificationObjective({ classes: labels.length }),
    weights,
    trains: () => true,
  };
  if (folder.files.includes('adapter_init'))
    recipe = await withAdapter(recipe, nodeStorage(`${storage.name}/${path}/adapter_init`));
  const dev = wholeBatch(given, 'dev_');
  const comparison = new Comparison();
  const before = await forward(recipe, dev, device);
  comparison.addTensor(
    'dev_logits_before',
    before.get('logits'),
    expected.get('dev_logits_before')!,
    toleranceOf(1e-4, meta.f32_noise, 'dev_logits_before'),
  );
  const batches = Array.from({ length: settings.steps }, (_, step) =>
    rowsOf(given, step * batchSize, (step + 1) * batchSize),
  );
  const norms = await gradientNorms(recipe, batches[0]!, device);
  for (const [name, want] of Object.entries(meta.gradient_norms_step0)) {
    comparison.add(`norm of grad/${name}`, [norms.get(ourName(name)) ?? Number.NaN], [want], { rtol: 0, atol: 2e-5 });
  }
  const { losses, parameters } = await trajectory(recipe, batches, settings, device);
  comparison.add('losses', losses, expected.get('losses')!.data, toleranceOf(2e-5, meta.f32_noise, 'losses'));
  const after = await forward({ ...recipe, weights: new Map([...recipe.weights, ...parameters]) }, dev, device);
  comparison.addTensor(
    'dev_logits_after',
    after.get('logits'),
    expected.get('dev_logits_after')!,
    toleranceOf(1e-4, meta.f32_noise, 'dev_logits_after'),
  );
  if (typeof meta.final_parameters === 'string') {
    const trained = await withAdapter(recipe, nodeStorage(`${storage.name}/${path}/adapter_trained`));
    const logits = (await forward(trained, dev, device)).get('logits');
    comparison.addTensor('dev logits of adapter_trained', logits, expected.get('dev_logits_after')!, {
      rtol: 0,
      atol: 1e-4,
    });
    return comparison.outcome;
  }
  for (const [name, { l2, sample_index: at, sample }] of Object.entries(meta.final_parameters)) {
    if ((meta.gradient_norms_step0[name] ?? 0) < 1e-8) continue;
    const { data } = parameters.get(name) ?? { data: [] };
    comparison.add(
      `samples of ${name}`,
      at.map((index) => data[index]!),
      sample,
      { rtol: 0, atol: 10 * settings.lr },
    );
    comparison.add(`norm of ${name}`, [norm(data)], [l2], { rtol: 1e-4, atol: 0 });
  }
  return comparison.outcome;
}

const norm = (data: ArrayLike<number>): number =>
  Math.sqrt(Array.from(data).reduce((sum, value) => sum + value * value, 0));

async function gradientNorms(recipe: Recipe, batch: HostBatch, device: Device): Promise<ReadonlyMap<string, number>> {
  const found = await gradientsAlone(recipe, batch, device);
  return new Map([...found].map(([name, { data }]) => [name, norm(data)]));
}

/** PEFT's key of a parameter as ours is called. */
const ourName = (key: string): string =>
  key.replace(/^base_model\.model\./, '').replace(/\.lora_([AB])\.weight$/, '.lora_$1.default.weight');

/** Dot products of all pairs of rows. */
function similarities({ type, data }: HostTensor): readonly number[] {
  const [rows, width] = [type.shape[0]!, type.shape[1]!];
  const row = (index: number) => data.subarray(index * width, (index + 1) * width);
  return Array.from({ length: rows * rows }, (_, pair) => {
    const other = row(pair % rows);
    return Array.from(row(Math.floor(pair / rows))).reduce((sum, value, index) => sum + value * other[index]!, 0);
  });
}

/** The part of [batch, tokens, width] that a smaller tensor shows. */
function corner({ type, data }: HostTensor, { type: { shape } }: HostTensor): readonly number[] {
  const [rows, tokens, width] = [shape[0]!, shape[1]!, shape[2]!];
  return Array.from({ length: rows * tokens * width }, (_, index) => {
    const [row, rest] = [Math.floor(index / (tokens * width)), index % (tokens * width)];
    return data[row * type.shape[1]! * width + rest]!;
  });
}

async function withAdapter(recipe: Recipe, directory: Directory): Promise<Recipe> {
  const { strategy, weights } = await loadAdapter(directory, recipe.model);
  return {
    ...recipe,
    strategies: [strategy],
    weights: new Map([...recipe.weights, ...weights]),
    trains: (_, before) => before,
  };
}

type Tensors = ReadonlyMap<string, HostTensor>;

function wholeBatch(given: Tensors, prefix: string) {
  const ids = given.get(`${prefix}input_ids`)!;
  return { inputIds: ids, attentionMask: given.get(`${prefix}attention_mask`)!, tokenTypeIds: zeros(ids.type) };
}

/** Rows of the training data, cut after their own longest text at a multiple of 16: each length costs a compilation. */
function rowsOf(given: Tensors, from: number, to: number) {
  const mask = given.get('attention_mask')!;
  const width = mask.type.shape[1]!;
  const rows = to - from;
  let longest = 0;
  for (let row = from; row < to; row++) {
    longest = Math.max(longest, Array.from(mask.data.subarray(row * width, (row + 1) * width)).lastIndexOf(1) + 1);
  }
  const length = Math.min(Math.ceil(longest / 16) * 16, width);
  const cut = (tensor: HostTensor) => {
    const data = Array.from(
      { length: rows * length },
      (_, index) => tensor.data[(from + Math.floor(index / length)) * width + (index % length)]!,
    );
    return hostTensor([rows, length], data, 'i32');
  };
  const inputIds = cut(given.get('input_ids')!);
  return {
    inputIds,
    attentionMask: cut(mask),
    tokenTypeIds: zeros(inputIds.type),
    labels: hostTensor([rows], given.get('labels')!.data.slice(from, to), 'i32'),
  };
}
