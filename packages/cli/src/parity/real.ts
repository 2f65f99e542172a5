import { combineAdaptations, inspectModel, sequenceClassification } from '@attune/core';
import { openAdapter, readJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type HostTensor, hostTensor, zeros } from '@attune/ir';
import { loadModel } from '@attune/models';
import { lora, loraOptionsOf, parseLoraOptions, planOf, readAdapterWeights } from '@attune/strategies';
import { loadTokenizer } from '@attune/hub';
import { z } from 'zod';
import { readTensors } from './batch-file.js';
import { join } from './golden-file.js';
import { noiseSchema, toleranceOf, trajectorySchema } from './meta.js';
import { Comparison, type ParityContext, type ParityFolder, type ParityGroup, type ParityOutcome, unsupported } from './parity-case.js';
import { forward, type Recipe, trajectory } from './trajectory.js';

const metaSchema = z.looseObject({
  model: z.string(),
  sentences: z.array(z.string()).optional(),
  max_length: z.number().int().optional(),
  labels: z.array(z.string()).optional(),
  batch: z.number().int().optional(),
  method: z.unknown().optional(),
  trajectory: trajectorySchema.optional(),
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
  const directory = nodeStorage(`${folder.storage.name}/${folder.path}/../../../models/${meta.model}`.replaceAll('//', '/'));
  if (!(await directory.exists('model.safetensors'))) return unsupported(`${meta.model} has no safetensors weights`);
  if (context.isReference) return unsupported('too large for the float64 interpreter; run it on a backend');
  return meta.sentences ? runEmbeddings(folder, meta, directory, context) : runFineTuning(folder, meta, directory, context);
}

type Directory = ReturnType<typeof nodeStorage>;

async function runEmbeddings({ storage, path }: ParityFolder, meta: Meta, directory: Directory, { device }: ParityContext): Promise<ParityOutcome> {
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
  const recipe: Recipe = { model: loaded.model, objective: sequenceClassification({ classes: 2 }), weights: loaded.weights, trains: () => false };
  const outputs = await forward(recipe, { inputIds: ids, attentionMask: mask, tokenTypeIds: zeros(ids.type) }, device);
  comparison.addTensor('embeddings', outputs.get('normalized'), expected.get('embeddings')!, toleranceOf(1e-5, meta.f32_noise, 'embeddings'));
  comparison.addTensor('mean_pooled', outputs.get('meanPooled'), expected.get('mean_pooled')!, toleranceOf(1e-5, meta.f32_noise, 'embeddings'));
  return comparison.outcome;
}

async function runFineTuning(folder: ParityFolder, meta: Meta, directory: Directory, { device }: ParityContext): Promise<ParityOutcome> {
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
    objective: sequenceClassification({ classes: labels.length }),
    weights,
    trains: () => true,
  };
  if (folder.files.includes('adapter_init')) recipe = await withAdapter(recipe, nodeStorage(`${storage.name}/${path}/adapter_init`));
  const dev = wholeBatch(given, 'dev_');
  const comparison = new Comparison();
  const before = await forward(recipe, dev, device);
  comparison.addTensor('dev_logits_before', before.get('logits'), expected.get('dev_logits_before')!, toleranceOf(1e-4, meta.f32_noise, 'dev_logits_before'));
  const batches = Array.from({ length: settings.steps }, (_, step) => rowsOf(given, step * batchSize, (step + 1) * batchSize));
  const { losses, parameters } = await trajectory(recipe, batches, settings, device);
  comparison.add('losses', losses, expected.get('losses')!.data, toleranceOf(2e-5, meta.f32_noise, 'losses'));
  const after = await forward({ ...recipe, weights: new Map([...recipe.weights, ...parameters]) }, dev, device);
  comparison.addTensor('dev_logits_after', after.get('logits'), expected.get('dev_logits_after')!, toleranceOf(1e-4, meta.f32_noise, 'dev_logits_after'));
  return comparison.outcome;
}

async function withAdapter(recipe: Recipe, directory: Directory): Promise<Recipe> {
  const adapter = await openAdapter(directory);
  const options = loraOptionsOf(adapter.config);
  const adaptation = combineAdaptations([lora(options).adapt(recipe.model)]);
  const rewrites = adaptation.rewrite ? [adaptation.rewrite] : [];
  const { parameters } = inspectModel(recipe.model, rewrites);
  const wanted = new Map(parameters.map(({ name, type }) => [name, type.shape]));
  const own = await readAdapterWeights(adapter, wanted, planOf(recipe.model, parseLoraOptions(options)));
  return {
    ...recipe,
    rewrites,
    weights: new Map([...recipe.weights, ...own]),
    trains: (parameter) => adaptation.trainable(parameter, false),
  };
}

type Tensors = ReadonlyMap<string, HostTensor>;

function wholeBatch(given: Tensors, prefix: string) {
  const ids = given.get(`${prefix}input_ids`)!;
  return { inputIds: ids, attentionMask: given.get(`${prefix}attention_mask`)!, tokenTypeIds: zeros(ids.type) };
}

/** Rows of the training data, cut to their own longest text, as the recipe does. */
function rowsOf(given: Tensors, from: number, to: number) {
  const mask = given.get('attention_mask')!;
  const width = mask.type.shape[1]!;
  const rows = to - from;
  let longest = 0;
  for (let row = from; row < to; row++) {
    longest = Math.max(longest, Array.from(mask.data.subarray(row * width, (row + 1) * width)).lastIndexOf(1) + 1);
  }
  const cut = (tensor: HostTensor) => {
    const data = Array.from({ length: rows * longest }, (_, index) => tensor.data[(from + Math.floor(index / longest)) * width + (index % longest)]!);
    return hostTensor([rows, longest], data, 'i32');
  };
  const inputIds = cut(given.get('input_ids')!);
  return {
    inputIds,
    attentionMask: cut(mask),
    tokenTypeIds: zeros(inputIds.type),
    labels: hostTensor([rows], given.get('labels')!.data.slice(from, to), 'i32'),
  };
}
