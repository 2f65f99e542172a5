/** LoRA adapters as PEFT's files. */
import type { AdapterFormat } from '@attune/core';
import { type LoraAdapter, type LoraAdapterConfig, saveAdapter } from '@attune/hub';
import { AttuneError, type HostTensor, sameShape } from '@attune/ir';
import { isInside } from '../task-head.js';
import { isAdapterParameter, type LoraPlan } from './lora.js';
import type { LoraOptions } from './options.js';

/** The strategy's options that give an adapter of this configuration. */
export function loraOptionsOf(config: LoraAdapterConfig, adapterName = 'default'): LoraOptions {
  const { layers_to_transform: layers, layers_pattern: pattern } = config;
  return {
    r: config.r,
    alpha: config.lora_alpha,
    dropout: config.lora_dropout,
    ...(config.target_modules ? { targetModules: config.target_modules } : {}),
    ...(config.exclude_modules && config.exclude_modules.length > 0 ? { excludeModules: config.exclude_modules } : {}),
    modulesToSave: [...new Set(config.modules_to_save ?? [])],
    bias: config.bias,
    rslora: config.use_rslora,
    loraBias: config.lora_bias,
    ...(typeof layers === 'number' ? { layersToTransform: [layers] } : layers ? { layersToTransform: layers } : {}),
    ...(typeof pattern === 'string' ? { layersPattern: pattern } : pattern ? { layersPattern: pattern.join('|') } : {}),
    rankPattern: config.rank_pattern,
    alphaPattern: config.alpha_pattern,
    adapterName,
  };
}

/** PEFT's key of a parameter (without `base_model.model.`), undefined for parameters that it does not save. */
export function adapterKey(name: string, { settings, modulesToSave, targets }: LoraPlan): string | undefined {
  if (isAdapterParameter(name, settings.adapterName)) return name.replace(`.${settings.adapterName}`, '');
  if (modulesToSave.some((module) => isInside(name, module))) return name;
  const layer = name.endsWith('.bias') ? name.slice(0, -'.bias'.length) : undefined;
  if (layer === undefined || settings.bias === 'none') return undefined;
  const isTarget = targets.some(({ path }) => path === layer);
  if (isTarget) return `${layer}.base_layer.bias`;
  return settings.bias === 'all' ? name : undefined;
}

export function adapterFormat(plan: LoraPlan): AdapterFormat {
  return {
    async save(storage, weights, base) {
      const tensors = new Map<string, HostTensor>();
      for (const [name, tensor] of weights) {
        const key = adapterKey(name, plan);
        if (key !== undefined) tensors.set(key, tensor);
      }
      await saveAdapter(storage, configOf(plan, base), tensors);
    },
  };
}

const taskTypes = {
  'feature-extraction': 'FEATURE_EXTRACTION',
  'sequence-classification': 'SEQ_CLS',
  'token-classification': 'TOKEN_CLS',
  'question-answering': 'QUESTION_ANS',
  'masked-language-modeling': null,
} as const;

function configOf({ settings, modulesToSave, model, targets }: LoraPlan, base: string): LoraAdapterConfig {
  const { targetModules } = settings;
  const names = targetModules === 'all-linear' ? targets.map(({ path }) => path) : (targetModules ?? ['query', 'value']);
  return {
    peft_type: 'LORA',
    task_type: taskTypes[model.task],
    base_model_name_or_path: base,
    r: settings.r,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout,
    target_modules: names,
    exclude_modules: settings.excludeModules ?? null,
    modules_to_save: [...modulesToSave],
    bias: settings.bias,
    use_rslora: settings.rslora,
    lora_bias: settings.loraBias,
    layers_to_transform: settings.layersToTransform ?? null,
    layers_pattern: settings.layersPattern ?? null,
    rank_pattern: settings.rankPattern,
    alpha_pattern: settings.alphaPattern,
    fan_in_fan_out: false,
  };
}

/**
 * The adapter's tensors under our parameter names.
 * @throws AttuneError `E_ADAPTER_MISMATCH` that lists what an adapter for another base lacks or has in another shape
 */
export async function readAdapterWeights(
  { tensors }: LoraAdapter,
  wanted: ReadonlyMap<string, readonly number[]>,
  plan: LoraPlan,
): Promise<Map<string, HostTensor>> {
  const found = new Map<string, HostTensor>();
  const problems: string[] = [];
  const used = new Set<string>();
  for (const [name, shape] of wanted) {
    const key = adapterKey(name, plan);
    if (key === undefined) continue;
    used.add(key);
    if (!tensors.names.includes(key)) {
      problems.push(`lacks ${key}`);
    } else if (sameShape(tensors.entry(key).shape, shape)) {
      found.set(name, await tensors.readFloat(key));
    } else {
      problems.push(`${key} is [${tensors.entry(key).shape}], the base needs [${shape}]`);
    }
  }
  for (const key of tensors.names) if (!used.has(key)) problems.push(`${key} has no place in the base`);
  if (problems.length > 0) {
    const more = problems.length > 10 ? `; and ${problems.length - 10} more` : '';
    throw new AttuneError('E_ADAPTER_MISMATCH', `${tensors.name} does not fit this base: ${problems.slice(0, 10).join('; ')}${more}.`, {
      file: tensors.name,
      hint: 'Load the adapter on the base that its adapter_config.json names.',
    });
  }
  return found;
}
