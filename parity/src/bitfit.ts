import { nodeStorage } from '@attune/hub/node';
import { loadModel } from '@attune/models';
import { bitfit } from '@attune/strategies';
import { z } from 'zod';
import { readBatch, readTensors } from './batch-file.js';
import { noiseSchema, toleranceOf, trajectorySchema } from './meta.js';
import { goldenTasks, masked } from './models.js';
import { Comparison, type ParityContext, type ParityOutcome, unsupported } from './parity-case.js';
import { forward, gradients, type Recipe, trajectory } from './trajectory.js';

const metaSchema = z.looseObject({ trajectory: trajectorySchema, f32_noise: noiseSchema });

/** A case of BitFit, which PEFT does not have: gradients, losses and what the biases become. */
export async function runBitfit(
  directory: string,
  { meta, base, task: name }: { readonly meta: unknown; readonly base: string; readonly task: string },
  { device }: ParityContext,
): Promise<ParityOutcome> {
  const { trajectory: settings, f32_noise: noise } = metaSchema.parse(meta);
  const task = goldenTasks[name];
  if (!task) return unsupported(`BitFit for ${name} does not exist yet`);
  const baseDirectory = nodeStorage(base);
  const { model, weights, labels } = await loadModel(baseDirectory, { task: task.task });
  const classes = labels.length > 0 ? labels.length : Number(model.config.vocab_size);
  const recipe: Recipe = {
    model,
    weights,
    objective: task.objective(classes),
    strategies: [bitfit()],
    trains: (_, before) => before,
  };
  const batch = await readBatch(baseDirectory, 'batch.safetensors');
  const golden = await readTensors(nodeStorage(directory), 'case.safetensors');
  const comparison = new Comparison();
  const logits = async (key: string, of: Recipe) => {
    const found = (await forward(of, batch, device)).get('logits');
    const mask = batch.attentionMask!;
    comparison.add(key, masked(found, mask), masked(golden.get(key), mask) ?? [], toleranceOf(3e-5, noise, 'logits'));
  };
  await logits('logits_before', recipe);
  const got = await gradients(recipe, batch, device);
  for (const [key, want] of golden) {
    if (key.startsWith('grad/')) comparison.addTensor(key, got.get(key), want, toleranceOf(2e-5, noise, 'gradients'));
  }
  const { losses, parameters } = await trajectory(recipe, new Array(settings.steps + 1).fill(batch), settings, device);
  comparison.add('losses', losses, golden.get('losses')!.data, toleranceOf(1e-5, noise, 'losses'));
  for (const [key, want] of golden) {
    const own = key.slice('final/'.length);
    if (!key.startsWith('final/')) continue;
    const isNoisy = own in (noise.noisy_parameters ?? {});
    const atol = isNoisy ? 10 * settings.lr : 2e-5;
    comparison.addTensor(key, parameters.get(own), want, { rtol: 0, atol });
  }
  await logits('logits_after', { ...recipe, weights: new Map([...weights, ...parameters]) });
  return comparison.outcome;
}
