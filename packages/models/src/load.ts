/** Loads models from Hugging Face directories. */
import type { ParameterSpec } from '@attune/core';
import { describeModel } from '@attune/core/internal';
import { label, openWeights, readModelConfig, type Storage, type TensorSource } from '@attune/hub';
import { hasFourBits, matchWeights, type NamedTensor, type WeightsPlan } from '@attune/hub/internal';
import { AttuneError, type HostTensor } from '@attune/ir';
import type { Head, Task } from '@attune/tasks';
import type { ArchitectureModel } from './architecture.js';
import { begin } from './begin.js';
import { modelTypes } from './families.js';
import { type LoadedModel, withMethods } from './loaded-model.js';
import { type ModelOptions, modelOf } from './model-of.js';
import type { Quantization } from './quantizations.js';
import { requireSizes } from './sizes.js';

export interface LoadOptions extends ModelOptions {
  /** Seed of parameters that begin anew; 0 by default. */
  readonly seed?: number;
  /** Packs the weights of linear layers as they are read, but for the head; as they are stored by default. */
  readonly quantize?: Quantization;
}

/**
 * Loads a model directory for a task. A bare encoder becomes a task model with a new head.
 * @throws AttuneError `E_MODEL_UNSUPPORTED`, `E_UNSAFE_FORMAT`, `E_CONFIG`, `E_WEIGHTS_MISMATCH`, `E_NONFINITE` for
 * weights that are not finite, and what reading the files throws
 */
export async function loadModel(storage: Storage, options: LoadOptions): Promise<LoadedModel> {
  const { seed = 0 } = options;
  const file = label(storage, 'config.json');
  const config = await readModelConfig(storage, modelTypes);
  if (config.quantization_config) (await import('./quantization-method.js')).requireReadable(config, file);
  const stored = await openWeights(storage);
  const all = hasFourBits(stored) ? await (await import('./pack.js')).openNormalFloats(stored) : stored;
  const names = new Set(all.names);
  const { model, family, head, resolved } = await modelOf(config, file, options, {
    requireSizes: (rules) => requireSizes(rules, all, file),
    rowsOf: (name) => (names.has(name) ? all.entry(name).shape[0] : undefined),
  });
  const { labels, problemType, isNewClassifier, rows } = resolved;
  const { parameters } = describeModel(model);
  const isClassifier = (name: string) => head.classifier !== undefined && name.startsWith(head.classifier);
  const hasClassifier = all.names.some(isClassifier);
  const source = isNewClassifier ? without(all, isClassifier) : all;
  const { tasks } = await import('./known-tasks.js');
  const plan = match({ family, head, tasks }, parameters, source, file);
  const isPacking = options.quantize !== undefined || all !== stored;
  const packing = isPacking ? (await import('./pack.js')).packingOf(model, source, options.quantize) : undefined;
  const weights = new Map<string, HostTensor>();
  const hashed: NamedTensor[] = [];
  for (const parameter of parameters) {
    const stored = plan.found.get(parameter.name);
    const isTransposed = family.storesTransposed?.(parameter.name) ?? false;
    const load = (name: string) => async () => {
      const tensor = await readFinite(source, name);
      return isTransposed ? (await import('./transposed.js')).transposed(tensor) : tensor;
    };
    const parts = stored === undefined ? undefined : await packing?.partsOf(parameter.name, stored, load(stored));
    if (parts && stored !== undefined) {
      for (const [suffix, tensor] of parts) weights.set(`${parameter.name}${suffix}`, tensor);
      hashed.push([parameter.name, load(stored)]);
      continue;
    }
    const tensor = stored === undefined ? begin(parameter, seed) : await load(stored)();
    const isReordered = rows !== undefined && stored !== undefined && isClassifier(stored);
    const own = isReordered ? (await import('./take-rows.js')).takeRows(tensor, rows) : tensor;
    weights.set(parameter.name, own);
    if (stored !== undefined) hashed.push([parameter.name, own]);
  }
  const carried = plan.unused.flatMap((name) => {
    const own = family.carriedAs(name, head);
    return own === undefined ? [] : [[own, name] as const];
  });
  return withMethods(
    {
      model: packing?.model() ?? model,
      weights,
      labels,
      problemType,
      ...(options.quantize ? { quantize: options.quantize } : {}),
      created: plan.created.filter((name) => !buffersOf(parameters).has(name)),
      warnings: [
        ...(hasClassifier ? (resolved.notes ?? []) : []),
        ...(all.warnings ?? []),
        ...leftAlone(plan, source, model.architecture),
      ],
      carried: new Map(carried),
      source: storage,
      base: storage.name,
    },
    hashed,
  );
}

/** Who asks for the parameters, and which other heads a file may have. */
interface Reader {
  readonly family: ArchitectureModel;
  readonly head: Head;
  readonly tasks: readonly Task[];
}

/** Finds the parameters in the file. */
function match(
  { family, head, tasks }: Reader,
  parameters: readonly ParameterSpec[],
  source: TensorSource,
  file: string,
): WeightsPlan {
  const stored = new Set(source.names);
  const isStored = (name: string) => [name, ...family.aliases(name)].some((each) => stored.has(each));
  const found = parameters.filter(({ name }) => isStored(name));
  const buffers = buffersOf(parameters);
  const newPrefixes = head.prefixes.filter((prefix) => !found.some(({ name }) => name.startsWith(prefix)));
  const allPrefixes = tasks.flatMap((task) => task.headOn(family.encoder)?.prefixes ?? []);
  const isOfOtherHead = (name: string) =>
    allPrefixes.some((prefix) => name.startsWith(prefix)) && !head.prefixes.some((prefix) => name.startsWith(prefix));
  const inFile = ({ name, type: { shape } }: ParameterSpec) =>
    family.storesTransposed?.(name) ? shape.toReversed() : shape;
  return matchWeights(new Map(parameters.map((parameter) => [parameter.name, inFile(parameter)])), source, {
    aliases: family.aliases,
    mayBeNew: (name) => buffers.has(name) || newPrefixes.some((prefix) => name.startsWith(prefix)),
    mayBeUnused: (name) => family.mayBeUnused(name) || isOfOtherHead(name),
    isForeign: (name) => !family.owns(name) && !allPrefixes.some((prefix) => name.startsWith(prefix)),
    hint: `Check that ${file} describes these weights.`,
  });
}

const buffersOf = (parameters: readonly ParameterSpec[]): ReadonlySet<string> =>
  new Set(parameters.filter(({ isBuffer }) => isBuffer).map(({ name }) => name));

/** What transformers reports as unexpected keys. */
function leftAlone({ foreign }: WeightsPlan, source: TensorSource, architecture: string): readonly string[] {
  if (foreign.length === 0) return [];
  const more = foreign.length > 10 ? ` and ${foreign.length - 10} more` : '';
  return [`${source.name}: left alone, as no ${architecture} has them: ${foreign.slice(0, 10).join(', ')}${more}`];
}

const without = (source: TensorSource, isLeftOut: (name: string) => boolean): TensorSource => ({
  ...source,
  names: source.names.filter((name) => !isLeftOut(name)),
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
