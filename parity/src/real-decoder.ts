/** Real language models from GGUF files: their weights, the scores of texts, greedy answers, and fine-tuning by LoRA. */
import { causalLanguageModeling, type HostBatch, type Learner } from '@attune/core';
import { loadTokenizer, type Storage, type TensorSource } from '@attune/hub';
import { openGguf, transformersTensors } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import { type Device, type HostTensor, hostTensor } from '@attune/ir';
import { loadModel } from '@attune/models';
import { loadAdapter } from '@attune/strategies';
import { z } from 'zod';
import { readTensors } from './batch-file.js';
import { join } from './golden-file.js';
import { noiseSchema, toleranceOf, trajectorySchema } from './meta.js';
import { Comparison, type ParityFolder, type ParityOutcome } from './parity-case.js';
import { gradientsAlone, learnerOf, type Recipe, trajectory } from './trajectory.js';

const statistics = z.looseObject({
  sum: z.number(),
  l2: z.number(),
  absmax: z.number(),
  sample_index: z.array(z.number()),
  sample: z.array(z.number()),
});
type Statistics = z.infer<typeof statistics>;

const weightsMeta = z.looseObject({
  file: z.string(),
  gguf: z.record(z.string(), statistics),
  huggingface: z.record(z.string(), statistics),
});
const textsMeta = z.looseObject({
  prompts: z.array(z.looseObject({ text: z.string(), logits_last: statistics })),
  chats: z.array(z.looseObject({ prompt: z.string() })),
  f32_noise: noiseSchema,
});
const tuningMeta = z.looseObject({
  task: z.string().startsWith('SFT'),
  trajectory: trajectorySchema,
  gradient_norms_step0: z.record(z.string(), z.number()),
  final_parameters: z.record(z.string(), statistics),
  f32_noise: noiseSchema,
});

/** Undefined for a case of another kind. @param directory of the model @param device undefined where none is fast enough */
export async function runRealDecoder(
  folder: ParityFolder,
  meta: unknown,
  directory: Storage,
  device: Device | undefined,
): Promise<ParityOutcome | undefined> {
  const weights = weightsMeta.safeParse(meta);
  if (weights.success) return compareWeights(weights.data, directory);
  const [texts, tuning] = [textsMeta.safeParse(meta), tuningMeta.safeParse(meta)];
  if (!texts.success && !tuning.success) return undefined;
  if (!device) return { status: 'unsupported', reason: 'too large for the float64 interpreter; run it on a backend' };
  const { model, weights: loaded } = await loadModel(directory, { task: 'causal-language-modeling' });
  const classes = Number(model.config.vocab_size);
  const recipe = { model, weights: loaded, objective: causalLanguageModeling({ classes }), trains: () => false };
  if (texts.success) return compareTexts(folder, texts.data, recipe, directory, device);
  return tuning.success ? compareTuning(folder, tuning.data, recipe, device) : undefined;
}

async function compareWeights(meta: z.infer<typeof weightsMeta>, directory: Storage): Promise<ParityOutcome> {
  const comparison = new Comparison();
  const file = await openGguf(directory, meta.file);
  const compareAll = async (wanted: Readonly<Record<string, Statistics>>, source: Pick<TensorSource, 'readFloat'>) => {
    for (const [name, own] of Object.entries(wanted)) {
      compareStatistics(comparison, name, (await source.readFloat(name)).data, own, { rtol: 1e-6, atol: 1e-6 });
    }
  };
  await compareAll(meta.gguf, file);
  await compareAll(meta.huggingface, transformersTensors(file));
  return comparison.outcome;
}

function compareStatistics(
  comparison: Comparison,
  name: string,
  data: ArrayLike<number>,
  { sum, l2, absmax, sample_index: at, sample }: Statistics,
  tolerance: { readonly rtol: number; readonly atol: number },
): void {
  let [total, squares, largest] = [0, 0, 0];
  for (let index = 0; index < data.length; index++) {
    const value = data[index]!;
    total += value;
    squares += value * value;
    largest = Math.max(largest, Math.abs(value));
  }
  const samples = at.map((index) => data[index]!);
  comparison.add(`samples of ${name}`, samples, sample, tolerance);
  comparison.add(`largest of ${name}`, [largest], [absmax], tolerance);
  comparison.add(`norm of ${name}`, [Math.sqrt(squares)], [l2], tolerance);
  // Errors of elements add up in a sum.
  const wide = { rtol: 0, atol: tolerance.atol * data.length + tolerance.rtol * l2 * Math.sqrt(data.length) };
  comparison.add(`sum of ${name}`, [total], [sum], wide);
}

async function compareTexts(
  { storage, path }: ParityFolder,
  meta: z.infer<typeof textsMeta>,
  recipe: Recipe,
  directory: Storage,
  device: Device,
): Promise<ParityOutcome> {
  const comparison = new Comparison();
  const expected = await readTensors(storage, join(path, 'expected.safetensors'));
  const tokenizer = await loadTokenizer(directory);
  const [exact, ofLogits] = [{ rtol: 0, atol: 0 }, toleranceOf(1e-3, meta.f32_noise, 'logits')];
  const ofLogProbabilities = { rtol: 0, atol: 2e-4 };
  const idsOf = async (name: string, text: string): Promise<readonly number[]> => {
    const wanted = Array.from(expected.get(`${name}/input_ids`)!.data);
    const [encoding] = await tokenizer.encode([text]);
    comparison.add(`${name} token ids`, encoding!.ids, wanted, exact);
    return wanted;
  };
  await using learner = await learnerOf(recipe, device);
  const prompts = await Promise.all(meta.prompts.map(({ text }, index) => idsOf(`prompt${index}`, text)));
  const width = Math.max(...prompts.map(({ length }) => length));
  for (const [index, ids] of prompts.entries()) {
    const rows = await scoresOf(learner, ids, width);
    const name = `prompt${index}`;
    const last = rows.at(-1)!;
    const top = expected.get(`${name}/top_ids`)!.data;
    comparison.add(
      `${name}/top_logits`,
      Array.from(top, (id) => last[id]!),
      expected.get(`${name}/top_logits`)!.data,
      ofLogits,
    );
    const totals = rows.map(logSumExp);
    comparison.add(`${name}/logsumexp`, totals, expected.get(`${name}/logsumexp`)!.data, ofLogits);
    const chosen = ids.slice(1).map((id, place) => rows[place]![id]! - totals[place]!);
    comparison.add(`${name}/token_logprobs`, chosen, expected.get(`${name}/token_logprobs`)!.data, ofLogProbabilities);
    compareStatistics(comparison, `${name} last logits`, last, meta.prompts[index]!.logits_last, {
      ...ofLogits,
      rtol: 1e-4,
    });
  }
  for (const [index, { prompt }] of meta.chats.entries()) {
    const name = `chat${index}`;
    const wanted = expected.get(`${name}/new_tokens`)!.data;
    const [tokens, logProbabilities]: [number[], number[]] = [[], []];
    const options = { maxNewTokens: wanted.length, outputLogits: true };
    for await (const step of learner.generate([await idsOf(name, prompt)], options)) {
      const token = step.tokens[0]!;
      tokens.push(token);
      logProbabilities.push(step.logits!.data[token]! - logSumExp(step.logits!.data));
    }
    comparison.add(`${name}/new_tokens`, tokens, wanted, exact);
    const golden = expected.get(`${name}/new_token_logprobs`)!.data;
    comparison.add(`${name}/new_token_logprobs`, logProbabilities, golden, ofLogProbabilities);
  }
  return comparison.outcome;
}

/** The scores after each token; the text is padded, so that all share a program. */
async function scoresOf(
  learner: Learner,
  ids: readonly number[],
  width: number,
): Promise<readonly ArrayLike<number>[]> {
  const padding = new Array<number>(width - ids.length).fill(0);
  const outputs = await learner.outputs({
    inputIds: hostTensor([1, width], [...ids, ...padding], 'i32'),
    attentionMask: hostTensor([1, width], [...ids.map(() => 1), ...padding], 'i32'),
  });
  const { data, type } = outputs.get('logits')!;
  const words = type.shape[2]!;
  return ids.map((_, place) => data.subarray(place * words, (place + 1) * words));
}

function logSumExp(scores: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < scores.length; index++) largest = Math.max(largest, scores[index]!);
  let sum = 0;
  for (let index = 0; index < scores.length; index++) sum += Math.exp(scores[index]! - largest);
  return largest + Math.log(sum);
}

async function compareTuning(
  { storage, path }: ParityFolder,
  meta: z.infer<typeof tuningMeta>,
  base: Recipe,
  device: Device,
): Promise<ParityOutcome> {
  const comparison = new Comparison();
  const given = await readTensors(storage, join(path, 'batch.safetensors'));
  const wanted = (await readTensors(storage, join(path, 'expected.safetensors'))).get('losses')!.data;
  const adapter = await loadAdapter(nodeStorage(`${storage.name}/${path}/adapter_init`), base.model);
  const recipe: Recipe = {
    ...base,
    strategies: [adapter.strategy],
    weights: new Map([...base.weights, ...adapter.weights]),
    trains: (_, before) => before,
  };
  const size = await batchSize(recipe, given, wanted[0]!, device);
  const { steps } = meta.trajectory;
  // The golden loss after the last step is of that step's batch again.
  const batches = Array.from({ length: steps + 1 }, (_, step) => rowsOf(given, Math.min(step, steps - 1) * size, size));
  const gradients = await gradientsAlone(recipe, batches[0]!, device);
  const ours = (key: string) =>
    key.replace(/^base_model\.model\./, '').replace(/\.lora_([AB])\.weight$/, '.lora_$1.default.weight');
  for (const [key, norm] of Object.entries(meta.gradient_norms_step0)) {
    const own = gradients.get(ours(key))?.data ?? [];
    const length = Math.sqrt(Array.from(own).reduce((sum, value) => sum + value * value, 0));
    comparison.add(`norm of grad/${key}`, [length], [norm], { rtol: 1e-3, atol: 1e-4 });
  }
  const { losses, parameters } = await trajectory(recipe, batches, meta.trajectory, device);
  comparison.add('losses', losses, wanted, toleranceOf(1e-3, meta.f32_noise, 'losses'));
  for (const [key, { sample_index: at, sample }] of Object.entries(meta.final_parameters)) {
    const { data } = parameters.get(ours(key)) ?? { data: [] };
    const tolerance = { rtol: 0, atol: 10 * meta.trajectory.lr };
    comparison.add(
      `samples of ${key}`,
      at.map((index) => data[index]!),
      sample,
      tolerance,
    );
  }
  return comparison.outcome;
}

type Tensors = ReadonlyMap<string, HostTensor>;

/** How many rows a batch has, which the files do not say: as many as give the first loss. */
async function batchSize(recipe: Recipe, given: Tensors, first: number, device: Device): Promise<number> {
  await using learner = await learnerOf(recipe, device);
  const rows = given.get('input_ids')!.type.shape[0]!;
  for (const size of [2, 4, 1, 8, 3, 5, 6, 7].filter((count) => count <= rows)) {
    const { loss } = await learner.loss([{ tensors: rowsOf(given, 0, size) }]);
    if (Math.abs(loss - first) < 1e-3) return size;
  }
  throw new Error('no number of rows gives the first loss');
}

/** So many rows from one on, beginning again behind the last. */
function rowsOf(given: Tensors, from: number, count: number): HostBatch {
  const cut = (name: string) => {
    const { data, type } = given.get(name)!;
    const [rows, width] = type.shape as [number, number];
    const picked = Array.from({ length: count }, (_, index) => {
      const row = (from + index) % rows;
      return Array.from(data.subarray(row * width, (row + 1) * width));
    });
    return hostTensor([count, width], picked.flat(), 'i32');
  };
  return { inputIds: cut('input_ids'), attentionMask: cut('attention_mask'), labels: cut('labels') };
}
