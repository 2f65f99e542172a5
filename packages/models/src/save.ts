/** Writes Hugging Face model directories. */
import type { Model } from '@attune/core';
import { describeModel, unpackedWeights } from '@attune/core/internal';
import {
  copyTokenizer,
  inMemory,
  openWeights,
  type Storage,
  type WeightsDType,
  writeJson,
  writeWeights,
} from '@attune/hub';
import { commitModel } from '@attune/hub/internal';
import { AttuneError, type HostTensor, sameShape } from '@attune/ir';
import { transposed } from '@attune/ir/internal';
import type { LoadedModel } from './loaded-model.js';

/** For the methods of a model, which load this file when they are called. */
export { hashTensors } from '@attune/hub/internal';

export interface SaveOptions {
  /**
   * How weights are stored, `float32` by default. transformers loads `float32` and `float16`; `int8` and `int8-float16`
   * are Attune's own, of a quarter of the size, and load in Attune only.
   */
  readonly dtype?: WeightsDType;
}

/**
 * Writes a directory that transformers loads: config.json, model.safetensors and the tokenizer's files. Cut short, it
 * leaves no model there (`commitModel`).
 * @param weights one tensor per parameter of the model; an adapter is merged before. Packed ones are written in full
 * @throws AttuneError `E_WEIGHTS_MISMATCH` for weights that are not the model's, `E_TENSOR_DTYPE` or `E_NONFINITE` for a
 * number that the dtype does not have, `E_DISK`
 */
export async function saveModel(
  target: Storage,
  loaded: LoadedModel,
  weights: ReadonlyMap<string, HostTensor> = loaded.weights,
  { dtype = 'float32' }: SaveOptions = {},
): Promise<void> {
  const { model, source, carried } = loaded;
  const all = storedWeights(model, weights);
  if (carried.size > 0) {
    const stored = await openWeights(source);
    for (const [own, name] of carried) all.set(own, await stored.read(name));
  }
  // num_labels is the number of names in id2label; an old one would contradict them.
  const { torch_dtype: _, num_labels: __, quantization_config: ___, ...config } = model.config;
  const loadsAs = dtype === 'float16' ? 'float16' : 'float32';
  await commitModel(target, async (draft) => {
    await writeWeights(draft, inMemory(all), { dtype });
    await copyTokenizer(source, draft);
    await writeJson(draft, 'config.json', { ...config, dtype: loadsAs, ...labelFields(loaded) });
  });
}

/** The weights in full, as files of transformers hold them. @throws AttuneError `E_WEIGHTS_MISMATCH` */
export function storedWeights(model: Model, weights: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  const all = unpackedWeights(model, weights);
  checkWeights(model.packed?.unpacked ?? model, all);
  for (const [name, tensor] of all) if (model.storesTransposed?.(name)) all.set(name, transposed(tensor));
  return all;
}

function labelFields({ labels, problemType }: LoadedModel): Readonly<Record<string, unknown>> {
  if (labels.length === 0) return {};
  return {
    id2label: Object.fromEntries(labels.map((name, id) => [String(id), name])),
    label2id: Object.fromEntries(labels.map((name, id) => [name, id])),
    ...(problemType === undefined ? {} : { problem_type: problemType }),
  };
}

function checkWeights(model: Model, weights: ReadonlyMap<string, HostTensor>): void {
  const wanted = new Map(describeModel(model).parameters.map(({ name, type }) => [name, type.shape]));
  const problems = [...wanted].flatMap(([name, shape]) => {
    const actual = weights.get(name)?.type.shape;
    if (!actual) return [`there is no ${name}`];
    return sameShape(actual, shape) ? [] : [`${name} is [${actual}], expected [${shape}]`];
  });
  problems.push(
    ...[...weights.keys()].filter((name) => !wanted.has(name)).map((name) => `${name} is no parameter of the model`),
  );
  if (problems.length === 0) return;
  const more = problems.length > 10 ? `; and ${problems.length - 10} more` : '';
  throw new AttuneError(
    'E_WEIGHTS_MISMATCH',
    `The weights are not those of this model: ${problems.slice(0, 10).join('; ')}${more}.`,
    {
      hint: 'Merge adapters before saving a model.',
    },
  );
}
