import {
  causalLanguageModeling,
  type Model,
  maskedLanguageModeling,
  multiLabelClassification,
  type Objective,
  questionAnsweringObjective,
  regression,
  sequenceClassificationObjective,
  tokenClassificationObjective,
} from '@attune/core';
import { readJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type HostTensor, mean, squaredError } from '@attune/ir';
import { transposed } from '@attune/ir/internal';
import { loadModel } from '@attune/models';
import { modelTypes } from '@attune/models/internal';
import { z } from 'zod';
import { camelCase, readBatch, readTensors } from './batch-file.js';
import { compareGeneration } from './generation.js';
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
  family: z.string(),
  task: z.string(),
  trajectory: trajectorySchema.optional(),
  no_gradient: z.array(z.string()).default([]),
  f32_noise: noiseSchema,
});

/** Folders with config.json, expected.safetensors and trajectory.safetensors: whole tiny models. */
export const modelsGroup: ParityGroup = async (folder) => {
  if (folder.files.includes('classifier.safetensors')) return [];
  const complete = ['config.json', 'meta.json', 'expected.safetensors', 'batch.safetensors'].every((file) =>
    folder.files.includes(file),
  );
  if (!complete || !folder.files.includes('trajectory.safetensors')) {
    const isModel = folder.files.includes('trajectory.safetensors') && folder.files.includes('meta.json');
    return isModel ? [{ id: folder.path, run: async () => unsupported('the architecture does not exist yet') }] : [];
  }
  return [{ id: folder.path || folder.storage.name, run: (context) => runModel(folder, context) }];
};

/** Tasks by the names that golden files have for them. */
export const goldenTasks: Readonly<Record<string, { readonly task: string; objective(classes: number): Objective }>> = {
  encoder: { task: 'feature-extraction', objective: pooledDistance },
  seqcls: { task: 'sequence-classification', objective: (classes) => sequenceClassificationObjective({ classes }) },
  seqreg: { task: 'sequence-classification', objective: regression },
  seqmulti: { task: 'sequence-classification', objective: () => multiLabelClassification() },
  tokcls: { task: 'token-classification', objective: (classes) => tokenClassificationObjective({ classes }) },
  mlm: { task: 'masked-language-modeling', objective: (classes) => maskedLanguageModeling({ classes }) },
  qa: { task: 'question-answering', objective: questionAnsweringObjective },
  causal: { task: 'causal-language-modeling', objective: (classes) => causalLanguageModeling({ classes }) },
  reward: { task: 'sequence-classification', objective: regression },
};

/** mean((meanPooled - target)^2), the loss of the encoder cases. */
function pooledDistance(): Objective {
  return {
    name: 'distance of the pooled embedding',
    countNames: [],
    options: {},
    labelNames: ['target'],
    counts: () => ({}),
    loss: ({ forward, batch: { target } }) => mean(squaredError(forward().meanPooled!, target!)),
  };
}

async function runModel(folder: ParityFolder, { device }: ParityContext): Promise<ParityOutcome> {
  const { storage, path } = folder;
  const meta = metaSchema.parse(await readJson(storage, join(path, 'meta.json')));
  const chosen = goldenTasks[meta.task];
  if (!modelTypes.includes(meta.family) || !chosen)
    return unsupported(`${meta.family} (${meta.task}) does not exist yet`);
  const directory = nodeStorage(join(storage.name, path).replace(/^\/\//, '/'));
  const loaded = await loadModel(directory, { task: chosen.task, outputHiddenStates: true });
  const batch = await readBatch(storage, join(path, 'batch.safetensors'));
  const expected = await readTensors(storage, join(path, 'expected.safetensors'));
  const curve = await readTensors(storage, join(path, 'trajectory.safetensors'));
  const classes = loaded.labels.length > 0 ? loaded.labels.length : Number(loaded.model.config.vocab_size);
  const recipe: Recipe = {
    model: loaded.model,
    objective: chosen.objective(classes),
    weights: loaded.weights,
    trains: ({ name }) => !meta.no_gradient.includes(name),
  };
  const comparison = new Comparison();
  const got = await gradients(recipe, batch, device);
  const noise = meta.f32_noise;
  for (const [name, tensor] of expected) {
    if (name === 'pooler_output') continue;
    const key = name.startsWith('grad/') ? 'gradients' : name === 'loss' ? 'loss' : 'outputs';
    const tolerance = toleranceOf(key === 'loss' ? 1e-5 : 2e-5, noise, key);
    const own = name.startsWith('grad/')
      ? name
      : name.startsWith('hidden_states.')
        ? name.replace('hidden_states', 'hiddenStates')
        : camelCase(name);
    const mask = batch.attentionMask!;
    const ours = asStored(loaded.model, own, got.get(own));
    comparison.add(name, masked(ours, mask), masked(tensor, mask) ?? [], tolerance);
  }
  if (expected.has('pooler_output')) {
    const pooled = await loadModel(directory, { task: chosen.task, outputPooler: true });
    const outputs = await forward({ ...recipe, model: pooled.model, weights: pooled.weights }, batch, device);
    comparison.addTensor(
      'pooler_output',
      outputs.get('poolerOutput'),
      expected.get('pooler_output')!,
      toleranceOf(2e-5, noise, 'outputs'),
    );
  }
  if (folder.files.includes('generate.safetensors')) {
    const golden = await readTensors(storage, join(path, 'generate.safetensors'));
    await compareGeneration(comparison, recipe, golden, toleranceOf(2e-5, noise, 'outputs'), device);
  }
  if (meta.trajectory) {
    const { steps } = meta.trajectory;
    const { losses, parameters } = await trajectory(recipe, new Array(steps + 1).fill(batch), meta.trajectory, device);
    comparison.add('losses', losses, curve.get('losses')!.data, toleranceOf(1e-5, noise, 'losses'));
    const noisy = noise.noisy_parameters ?? {};
    for (const [name, tensor] of curve) {
      if (!name.startsWith('param/')) continue;
      const own = name.slice('param/'.length);
      if (meta.no_gradient.includes(own)) continue;
      const atol = noisy[own] === undefined ? 2e-5 : 10 * meta.trajectory.lr;
      comparison.addTensor(name, asStored(loaded.model, own, parameters.get(own)), tensor, { rtol: 0, atol });
    }
  }
  return comparison.outcome;
}

/** A parameter or its gradient as files of the family have it. */
const asStored = (model: Model, name: string, tensor: HostTensor | undefined): HostTensor | undefined =>
  tensor && model.storesTransposed?.(name.replace(/^grad\//, '')) ? transposed(tensor) : tensor;

/** The values at attended positions, of tensors that have a token axis. */
export function masked(tensor: HostTensor | undefined, mask: HostTensor): ArrayLike<number> | undefined {
  if (!tensor) return undefined;
  const [batch, tokens] = mask.type.shape;
  const [first, second] = tensor.type.shape;
  if (first !== batch || second !== tokens) return tensor.data;
  const width = tensor.data.length / mask.data.length;
  return Array.from(tensor.data).filter((_, index) => mask.data[Math.floor(index / width)] === 1);
}
