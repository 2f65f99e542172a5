/** Reads PEFT's LoRA adapters. */
import { describeModel, type Model, type Strategy } from '@attune/core';
import { type LoraAdapter, type LoraAdapterConfig, openAdapter, type Storage } from '@attune/hub';
import { AttuneError, type HostTensor, sameShape } from '@attune/ir';
import { type LoraPlan, lora, planOf } from './lora.js';
import { adapterKey } from './names.js';
import { type LoraOptions, parseLoraOptions } from './options.js';
import { patternFault } from './patterns.js';

export interface LoadLoraOptions {
  /** The name that the adapter gets here; `default` by default. */
  readonly adapterName?: string;
  /** Keeps the adapter from training further; false by default. */
  readonly inferenceMode?: boolean;
  /** Where in the storage the adapter lies; at its top by default. */
  readonly directory?: string;
}

export interface LoadedLora {
  /** Gives a model this adapter. */
  readonly strategy: Strategy;
  /** The adapter's parameters and the modules saved with it; they take the place of the base's. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly plan: LoraPlan;
  /** What a user should know about the adapter's files. */
  readonly warnings: readonly string[];
  /** The base that the adapter was trained on, as its configuration names it. */
  readonly base: string | undefined;
}

/**
 * Loads an adapter directory for a model.
 * @throws AttuneError `E_ADAPTER_MISMATCH` that lists what an adapter for another base lacks or has in another shape,
 * `E_ADAPTER_UNSUPPORTED` for a pattern that needs look-around or back references, `E_NONFINITE`, and what `openAdapter`
 * throws
 */
export async function loadLora(storage: Storage, model: Model, options: LoadLoraOptions = {}): Promise<LoadedLora> {
  const { adapterName = 'default', inferenceMode = false, directory = '' } = options;
  const adapter = await openAdapter(storage, directory);
  requirePatterns(adapter);
  const own: LoraOptions = { ...loraOptionsOf(adapter.config), adapterName, inferenceMode };
  const plan = planFor(model, own, adapter);
  const strategy = lora(own);
  const { rewrite } = strategy.adapt(model);
  const { parameters } = describeModel(model, rewrite && [rewrite]);
  const wanted = new Map(parameters.map(({ name, type }) => [name, type.shape]));
  const weights = await readAdapterWeights(adapter, wanted, plan);
  const { config, warnings } = adapter;
  return { strategy, weights, plan, warnings, base: config.base_model_name_or_path ?? undefined };
}

/** @throws AttuneError `E_ADAPTER_CONFIG`, `E_ADAPTER_UNSUPPORTED` */
function requirePatterns({ file, config }: LoraAdapter): void {
  const fault = patternFault(config);
  if (!fault) return;
  const { field, problem, isUnsupported } = fault;
  throw new AttuneError(
    isUnsupported ? 'E_ADAPTER_UNSUPPORTED' : 'E_ADAPTER_CONFIG',
    `${file}: ${field}: ${problem}.`,
    { file, field, hint: `Name the layers of ${field} in full, or write the pattern without it.` },
  );
}

function planFor(model: Model, options: LoraOptions, { file: configFile, tensors }: LoraAdapter): LoraPlan {
  try {
    return planOf(model, parseLoraOptions(options));
  } catch (cause) {
    if (!(cause instanceof AttuneError)) throw cause;
    if (cause.code === 'E_CONFIG') {
      const { message, field } = cause;
      throw new AttuneError('E_ADAPTER_CONFIG', `${configFile}: ${message}`, { file: configFile, field, cause });
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

/** The strategy's options that give an adapter of this configuration. */
export function loraOptionsOf(config: LoraAdapterConfig): LoraOptions {
  const { layers_to_transform: layers, layers_pattern: pattern, exclude_modules: excluded } = config;
  const chosen = layers === null || layers === undefined ? [] : [layers].flat();
  return {
    r: config.r,
    alpha: config.lora_alpha,
    dropout: config.lora_dropout,
    ...(config.target_modules ? { targetModules: config.target_modules } : {}),
    ...(excluded && excluded.length > 0 ? { excludeModules: excluded } : {}),
    modulesToSave: [...new Set(config.modules_to_save ?? [])],
    bias: config.bias,
    rslora: config.use_rslora,
    loraBias: config.lora_bias,
    ...(chosen.length > 0 ? { layersToTransform: chosen } : {}),
    ...(pattern && pattern.length > 0 ? { layersPattern: pattern } : {}),
    rankPattern: config.rank_pattern,
    alphaPattern: config.alpha_pattern,
  };
}

/** The adapter's tensors under our parameter names; `wanted` are the shapes of the adapted model's parameters. */
export async function readAdapterWeights(
  { tensors }: LoraAdapter,
  wanted: ReadonlyMap<string, readonly number[]>,
  plan: LoraPlan,
): Promise<Map<string, HostTensor>> {
  const keys = new Map<string, string>();
  for (const name of wanted.keys()) {
    const key = adapterKey(name, plan);
    if (key !== undefined) keys.set(key, name);
  }
  const stored = new Set(tensors.names);
  for (const [key, name] of embeddingKeys(plan)) if (stored.has(key) && !keys.has(key)) keys.set(key, name);
  const problems = [...keys].flatMap(([key, name]) => {
    if (!stored.has(key)) return [`it lacks ${key} [${wanted.get(name)!}]`];
    const { shape } = tensors.entry(key);
    return sameShape(shape, wanted.get(name)!) ? [] : [`${key} is [${shape}], the base needs [${wanted.get(name)!}]`];
  });
  problems.push(...tensors.names.filter((key) => !keys.has(key)).map((key) => `${key} has no place in the base`));
  if (problems.length > 0) {
    const more = problems.length > 10 ? `; and ${problems.length - 10} more` : '';
    const text = `${tensors.name} does not fit this base: ${problems.slice(0, 10).join('; ')}${more}.`;
    throw new AttuneError('E_ADAPTER_MISMATCH', text, { file: tensors.name, hint });
  }
  const found = new Map<string, HostTensor>();
  for (const [key, name] of keys) found.set(name, await readFinite({ tensors, key }));
  return found;
}

/** What PEFT's `save_embedding_layers` adds: the embeddings themselves, as a new vocabulary needs them. */
function embeddingKeys({ model }: LoraPlan): readonly (readonly [string, string])[] {
  const { layers } = describeModel(model);
  return layers.flatMap(({ path, kind }) => {
    if (kind !== 'embedding') return [];
    const name = `${path}.weight`;
    return [
      [name, name],
      [`${path}.base_layer.weight`, name],
    ] as const;
  });
}

async function readFinite({
  tensors,
  key,
}: Pick<LoraAdapter, 'tensors'> & { readonly key: string }): Promise<HostTensor> {
  const tensor = await tensors.readFloat(key);
  if (tensor.data.every(Number.isFinite)) return tensor;
  throw new AttuneError('E_NONFINITE', `${tensors.name}: tensor "${key}" holds NaN or infinity.`, {
    file: tensors.name,
    field: key,
  });
}
