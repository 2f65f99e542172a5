/** Loads PEFT's adapters, of whatever method. */
import type { Model, Strategy } from '@attune/core';
import { describeModel, hostStarts } from '@attune/core/internal';
import { adapterTensorName, type Storage } from '@attune/hub';
import { AttuneError, elementCount, type HostTensor, sameShape } from '@attune/ir';
import { transposed } from '@attune/ir/internal';
import type { AdapterMethod, AdapterPlan, Weights } from './method.js';
import { type OpenedAdapter, openAdapter } from './open.js';

export interface LoadAdapterOptions {
  /** The name that the adapter gets here; `default` by default. */
  readonly adapterName?: string;
  /** Keeps the adapter from training further; false by default. */
  readonly inferenceMode?: boolean;
  /** Where in the storage the adapter lies; at its top by default. */
  readonly directory?: string;
  /** The base's weights, which adapters that start from them (PiSSA, OLoRA) need. */
  readonly baseWeights?: Weights;
  /** The methods that it may be of; those of Attune by default. */
  readonly methods?: readonly AdapterMethod[];
}

export interface LoadedAdapter {
  /** Gives a model this adapter. */
  readonly strategy: Strategy;
  /** The adapter's parameters and the modules saved with it; they take the place of the base's. */
  readonly weights: Weights;
  readonly plan: AdapterPlan;
  /** What a user should know about the adapter's files. */
  readonly warnings: readonly string[];
  /** The base that the adapter was trained on, as its configuration names it. */
  readonly base: string | undefined;
}

/**
 * Loads an adapter directory for a model.
 * @throws AttuneError `E_ADAPTER_MISMATCH` that lists what an adapter for another base lacks or has in another shape,
 * `E_ADAPTER_CONFIG`, `E_NONFINITE`, and what `openAdapter` throws
 */
export async function loadAdapter(
  storage: Storage,
  model: Model,
  { adapterName = 'default', inferenceMode = false, directory = '', baseWeights, methods }: LoadAdapterOptions = {},
): Promise<LoadedAdapter> {
  const adapter = await openAdapter(storage, directory, methods);
  const options = { ...adapter.options, adapterName, inferenceMode };
  const plan = planFor(model, options, adapter);
  return {
    strategy: adapter.method.strategy(options),
    weights: await readWeights(adapter, plan, baseWeights),
    plan,
    warnings: adapter.warnings,
    base: adapter.config.base_model_name_or_path ?? undefined,
  };
}

function planFor(
  model: Model,
  options: Readonly<Record<string, unknown>>,
  { file: configFile, tensors, method }: OpenedAdapter,
): AdapterPlan {
  try {
    return method.plan(model, options);
  } catch (cause) {
    if (!(cause instanceof AttuneError)) throw cause;
    if (cause.code === 'E_CONFIG') {
      const { message, field = '' } = cause;
      const [option = '', ...rest] = field.split('.');
      const named = [method.file.fields[option] ?? option, ...rest].join('.');
      throw new AttuneError('E_ADAPTER_CONFIG', `${configFile}: ${message}`, { file: configFile, field: named, cause });
    }
    const file = tensors.name;
    throw new AttuneError('E_ADAPTER_MISMATCH', `${file} does not fit this base: ${cause.message}`, {
      file,
      ...(cause.field === undefined ? {} : { field: cause.field }),
      hint,
      cause,
    });
  }
}

const hint = 'Load the adapter on the base that its adapter_config.json names.';

/** The adapter's tensors under our parameter names. */
async function readWeights(
  { file, tensors }: OpenedAdapter,
  plan: AdapterPlan,
  baseWeights: Weights | undefined,
): Promise<Weights> {
  const { model, adaptation, optionalKeys } = plan;
  const { parameters } = describeModel(
    adaptation.wrap?.(model) ?? model,
    adaptation.rewrite ? [adaptation.rewrite] : [],
  );
  const isTransposed = (name: string) => model.storesTransposed?.(name) ?? false;
  const wanted = new Map(
    parameters.map(({ name, type: { shape } }) => [name, isTransposed(name) ? shape.toReversed() : shape]),
  );
  const keys = new Map<string, string>();
  for (const name of wanted.keys()) {
    const key = plan.keyOf(name);
    if (key !== undefined) keys.set(adapterTensorName(key), name);
  }
  const stored = new Set(tensors.names);
  for (const [key, name] of optionalKeys) {
    const own = adapterTensorName(key);
    if (stored.has(own) && !keys.has(own)) keys.set(own, name);
  }
  const problems = [...keys].flatMap(([key, name]) => {
    if (!stored.has(key)) return [`it lacks ${key} [${wanted.get(name)!}]`];
    const { shape } = tensors.entry(key);
    return sameShape(shape, wanted.get(name)!) ? [] : [`${key} is [${shape}], the base needs [${wanted.get(name)!}]`];
  });
  problems.push(
    ...tensors.names
      .filter((key) => !keys.has(key) && elementCount(tensors.entry(key).shape) > 0)
      .map((key) => `${key} has no place in the base`),
  );
  if (problems.length > 0) {
    const more = problems.length > 10 ? `; and ${problems.length - 10} more` : '';
    const text = `${tensors.name} does not fit this base: ${problems.slice(0, 10).join('; ')}${more}.`;
    throw new AttuneError('E_ADAPTER_MISMATCH', text, { file: tensors.name, hint });
  }
  const found = new Map<string, HostTensor>();
  for (const [key, name] of keys) {
    const tensor = await readFinite(tensors, key);
    found.set(name, isTransposed(name) ? transposed(tensor) : tensor);
  }
  const madeAgain = parameters.filter(({ name, derivation }) => !found.has(name) && derivation && 'load' in derivation);
  if (madeAgain.length === 0) return found;
  if (baseWeights) return new Map([...found, ...(await hostStarts(madeAgain, model, baseWeights))]);
  const text = `${file}: this adapter starts from the weights of its base, which are not there.`;
  throw new AttuneError('E_ADAPTER_MISMATCH', text, { file, hint: 'Pass them: loadAdapter(…, { baseWeights }).' });
}

async function readFinite(tensors: OpenedAdapter['tensors'], key: string): Promise<HostTensor> {
  const tensor = await tensors.readFloat(key);
  if (tensor.data.every(Number.isFinite)) return tensor;
  throw new AttuneError('E_NONFINITE', `${tensors.name}: tensor "${key}" holds NaN or infinity.`, {
    file: tensors.name,
    field: key,
  });
}
