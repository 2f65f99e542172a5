/** Loads models from Hugging Face directories. */
import type { ParameterSpec, Task } from '@attune/core';
import {
  label,
  matchWeights,
  openWeights,
  readModelConfig,
  type Storage,
  type TensorSource,
  type WeightsPlan,
} from '@attune/hub';
import { AttuneError, type HostTensor, hostTensor, isAttuneError } from '@attune/ir';
import type { ArchitectureModel } from './architecture.js';
import { begin } from './begin.js';
import { type LoadedModel, withMethods } from './loaded-model.js';
import { type ModelOptions, modelOf } from './model-of.js';
import { parametersOf } from './parameters.js';
import { contradictions } from './sizes.js';

export interface LoadOptions extends ModelOptions {
  /** Seed of parameters that begin anew; 0 by default. */
  readonly seed?: number;
}

/**
 * Loads a model directory for a task. A bare encoder becomes a task model with a new head.
 * @throws AttuneError `E_MODEL_UNSUPPORTED`, `E_UNSAFE_FORMAT`, `E_CONFIG`, `E_WEIGHTS_MISMATCH`, `E_NONFINITE` for
 * weights that are not finite, and what reading the files throws
 */
export async function loadModel(storage: Storage, options: LoadOptions): Promise<LoadedModel> {
  const { task, seed = 0 } = options;
  const file = label(storage, 'config.json');
  const { model, family, resolved } = modelOf(await readModelConfig(storage), file, options);
  const { labels, problemType, isNewClassifier, rows } = resolved;
  const parameters = parametersOf(model);
  const all = await openWeights(storage);
  const source = isNewClassifier ? without(all, family.classifier) : all;
  const plan = match(family, task, parameters, source, file);
  const weights = new Map<string, HostTensor>();
  for (const parameter of parameters) {
    const stored = plan.found.get(parameter.name);
    const tensor = stored === undefined ? begin(parameter, seed) : await readFinite(source, stored);
    const isReordered = rows !== undefined && stored?.startsWith(family.classifier);
    weights.set(parameter.name, isReordered ? takeRows(tensor, rows) : tensor);
  }
  const carried = plan.unused.flatMap((name) => {
    const own = family.carriedAs(name, task);
    return own === undefined ? [] : [[own, name] as const];
  });
  return withMethods(
    {
      model,
      weights,
      labels,
      problemType,
      created: plan.created,
      carried: new Map(carried),
      source: storage,
      base: storage.name,
    },
    [...weights].filter(([name]) => !plan.created.includes(name)),
  );
}

/** Finds the parameters in the file; a mismatch that config.json explains names its fields. */
function match(
  family: ArchitectureModel,
  task: Task,
  parameters: readonly ParameterSpec[],
  source: TensorSource,
  file: string,
): WeightsPlan {
  const names = (parameter: string) => [parameter, ...family.aliases(parameter)];
  const isThere = (prefix: string) =>
    parameters.some(({ name }) => name.startsWith(prefix) && names(name).some((each) => source.names.includes(each)));
  const newPrefixes = (family.heads[task] ?? []).filter((prefix) => !isThere(prefix));
  try {
    return matchWeights(new Map(parameters.map(({ name, type }) => [name, type.shape])), source, {
      aliases: family.aliases,
      mayBeNew: (name) => newPrefixes.some((prefix) => name.startsWith(prefix)),
      mayBeUnused: (name) => family.mayBeUnused(name, task),
      hint: `Check that ${file} describes these weights.`,
    });
  } catch (error) {
    if (!isAttuneError(error) || error.code !== 'E_WEIGHTS_MISMATCH') throw error;
    const found = contradictions(family.sizes, new Map(source.names.map((name) => [name, source.entry(name).shape])));
    if (found.length === 0) throw error;
    throw new AttuneError(
      'E_WEIGHTS_MISMATCH',
      `${file}: ${found.map(({ text }) => text).join('; ')}. ${error.message}`,
      {
        file,
        field: found[0]!.field,
        hint: `Use the config.json that belongs to ${source.name}.`,
        cause: error,
      },
    );
  }
}

/** The source without the tensors of a prefix. */
const without = (source: TensorSource, prefix: string): TensorSource => ({
  ...source,
  names: source.names.filter((name) => !name.startsWith(prefix)),
});

async function readFinite(source: TensorSource, name: string): Promise<HostTensor> {
  const tensor = await source.readFloat(name);
  if (!tensor.data.every(Number.isFinite)) {
    throw new AttuneError('E_NONFINITE', `${source.name}: tensor "${name}" holds NaN or infinity.`, {
      file: source.name,
      field: name,
    });
  }
  return tensor;
}

/** The tensor with its first axis in another order. */
function takeRows({ type, data }: HostTensor, rows: readonly number[]): HostTensor {
  const width = data.length / rows.length;
  return hostTensor(
    type.shape,
    Array.from(data, (_, index) => data[rows[Math.floor(index / width)]! * width + (index % width)]!),
  );
}
