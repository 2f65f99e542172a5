/** An AWD-LSTM over two windows of a stream of tokens, the state carried from the first to the second. */
import {
  causalLanguageModeling,
  type HostBatch,
  type Learner,
  type StepBatch,
  sequenceClassificationObjective,
  type TokenizedDataset,
} from '@attune/core';
import { readJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type HostTensor, hostTensor } from '@attune/ir';
import { loadModel } from '@attune/models';
import { z } from 'zod';
import { camelCase, readTensors } from './batch-file.js';
import { join } from './golden-file.js';
import { noiseSchema, toleranceOf, trajectorySchema } from './meta.js';
import { masked } from './models.js';
import {
  Comparison,
  type ParityContext,
  type ParityFolder,
  type ParityGroup,
  type ParityOutcome,
} from './parity-case.js';
import { learnerOf, type Recipe } from './trajectory.js';

const metaSchema = z.looseObject({ trajectory: trajectorySchema, f32_noise: noiseSchema });

/** The folder's language model and its classifier, which have their own files beside one model. */
export const ulmfitGroup: ParityGroup = async (folder) => {
  if (!folder.files.includes('classifier.safetensors') || !folder.files.includes('batch.safetensors')) return [];
  const id = folder.path || folder.storage.name;
  return [
    { id: `${id}/language-model`, run: (context) => runLanguageModel(folder, context) },
    { id: `${id}/classifier`, run: (context) => runClassifier(folder, context) },
  ];
};

type Tensors = ReadonlyMap<string, HostTensor>;

/** @param ids [rows, 2 length + 1] */
function windowsOf({ type, data }: HostTensor): readonly [StepBatch, StepBatch] {
  const [rows, width] = type.shape as [number, number];
  const length = (width - 1) / 2;
  const columns = (from: number, to: number) =>
    hostTensor(
      [rows, to - from],
      Array.from({ length: rows }, (_, row) => Array.from(data.slice(row * width + from, row * width + to))).flat(),
      'i32',
    );
  const windowAt = (start: number): StepBatch => {
    const inputIds = columns(start, start + length);
    const attentionMask = hostTensor(inputIds.type.shape, new Int32Array(rows * length).fill(1), 'i32');
    const tensors = { inputIds, attentionMask, labels: columns(start, start + length + 1) };
    return { tensors, continues: start > 0 };
  };
  return [windowAt(0), windowAt(length)];
}

async function runLanguageModel({ storage, path }: ParityFolder, { device }: ParityContext): Promise<ParityOutcome> {
  const meta = metaSchema.parse(await readJson(storage, join(path, 'meta.json')));
  const { trajectory: settings, f32_noise: noise } = meta;
  const read = (file: string) => readTensors(storage, join(path, file));
  const directory = nodeStorage(join(storage.name, path).replace(/^\/\//, '/'));
  const { model, weights } = await loadModel(directory, { task: 'causal-language-modeling', outputHiddenStates: true });
  const windows = windowsOf((await read('batch.safetensors')).get('lm_ids')!);
  const objective = causalLanguageModeling({ classes: Number(model.config.vocab_size) });
  const recipe: Recipe = { model, objective, weights, trains: () => true };
  const comparison = new Comparison();

  const got = new Map<string, HostTensor>();
  {
    // Steps so small that weights stay as they are only carry the state on.
    await using learner = await learnerOf(recipe, device, { ...settings, lr: 1e-30, weight_decay: 0 });
    const [first, second] = await outputsOf(learner, windows);
    for (const [name, tensor] of first!) got.set(name, tensor);
    got.set('window2Logits', second!.get('logits')!);
    for (const [index, batch] of windows.entries()) {
      const prefix = index === 0 ? '' : 'window2_';
      const gradients = await learner.gradients([batch]);
      for (const [name, tensor] of gradients) got.set(`${prefix}grad/${name}`, tensor);
      got.set(camelCase(`${prefix}loss`), hostTensor([], [(await learner.step([batch])).loss]));
      if (index > 0) continue;
      const state = await learner.state();
      for (let layer = 0; state.has(`carried/hidden.${layer}`); layer++) {
        got.set(`state.${layer}.h`, state.get(`carried/hidden.${layer}`)!);
        got.set(`state.${layer}.c`, state.get(`carried/cell.${layer}`)!);
      }
    }
  }
  for (const [name, tensor] of await read('expected.safetensors')) {
    const isGradient = name.includes('grad/');
    const key = isGradient ? 'gradients' : name.endsWith('loss') ? 'loss' : 'outputs';
    const own = isGradient || name.startsWith('state.') ? name : camelCase(name);
    comparison.addTensor(name, got.get(own), tensor, toleranceOf(key === 'loss' ? 1e-5 : 2e-5, noise, key));
  }

  await using learner = await learnerOf(recipe, device, settings);
  const losses: number[] = [];
  for (let step = 0; step < settings.steps; step++) losses.push((await learner.step([windows[step % 2]!])).loss);
  const trained = await learner.weights();
  for (const [name, tensor] of await read('trajectory.safetensors')) {
    if (name === 'losses') comparison.add(name, losses, tensor.data, toleranceOf(1e-5, noise, 'losses'));
    else comparison.addTensor(name, trained.get(name.slice('param/'.length)), tensor, { rtol: 0, atol: 2e-5 });
  }
  return comparison.outcome;
}

async function runClassifier({ storage, path }: ParityFolder, { device }: ParityContext): Promise<ParityOutcome> {
  const { trajectory: settings, f32_noise: noise } = metaSchema.parse(await readJson(storage, join(path, 'meta.json')));
  const directory = nodeStorage(join(storage.name, path).replace(/^\/\//, '/'));
  const loaded = await loadModel(directory, { task: 'sequence-classification', outputHiddenStates: true });
  const batch = await readTensors(storage, join(path, 'batch.safetensors'));
  const tensors = {
    inputIds: batch.get('cls_input_ids')!,
    attentionMask: batch.get('cls_attention_mask')!,
    labels: batch.get('cls_labels')!,
  };
  const objective = sequenceClassificationObjective({ classes: loaded.labels.length });
  const recipe: Recipe = { ...loaded, objective, trains: () => true };
  await using learner = await learnerOf(recipe, device, { ...settings, lr: 1e-30, weight_decay: 0 });
  const outputs = await learner.outputs(tensors);
  const gradients = await learner.gradients([{ tensors }]);
  const { loss } = await learner.step([{ tensors }]);
  const weights = await learner.weights();
  const last = [...outputs.keys()].filter((name) => name.startsWith('hiddenStates.')).at(-1)!;
  const got = new Map<string, HostTensor | undefined>([
    ['eval_logits', outputs.get('logits')],
    ['encoded', outputs.get(last)],
    ['loss', hostTensor([], [loss])],
    ...[...gradients].map(([name, tensor]) => [`grad/${name}`, tensor] as const),
    ...[...weights].filter(([name]) => name.includes('.running_')),
  ]);
  const comparison = new Comparison();
  for (const [name, tensor] of await readTensors(storage, join(path, 'classifier.safetensors'))) {
    // What is inside the program; the loss and the running mean and variance are made of both.
    if (name === 'pooled' || name === 'train_logits') continue;
    const key = name.startsWith('grad/') ? 'classifier_gradients' : 'classifier';
    const tolerance = toleranceOf(name === 'loss' ? 1e-5 : 2e-5, noise, key);
    comparison.add(
      name,
      masked(got.get(name), tensors.attentionMask),
      masked(tensor, tensors.attentionMask)!,
      tolerance,
    );
  }
  return comparison.outcome;
}

/** The outputs for each batch, with the state carried on. */
async function outputsOf(learner: Learner, batches: readonly StepBatch[]): Promise<readonly Tensors[]> {
  const found: Tensors[] = [];
  const stream: TokenizedDataset = {
    length: batches.length,
    fingerprint: '',
    batches: () => batches.map((batch) => () => ({ rows: [], indices: [], tokens: 0, ...batch })),
  };
  const outputNames = [...(await learner.outputs(batches[0]!.tensors)).keys()];
  await learner.evaluate(stream, {
    outputNames,
    add: (outputs: HostBatch) => void found.push(new Map(Object.entries(outputs))),
    metrics: () => ({}),
  });
  return found;
}
