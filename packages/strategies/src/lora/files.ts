/** Writes LoRA adapters as PEFT's files. */
import type { AdapterFormat } from '@attune/core';
import { type LoraAdapterConfig, saveAdapter } from '@attune/hub';
import type { HostTensor } from '@attune/ir';
import type { LoraPlan } from './lora.js';
import { adapterKey } from './names.js';

export function adapterFormat(plan: LoraPlan): AdapterFormat {
  return {
    async save(storage, weights, base) {
      const tensors = new Map<string, HostTensor>();
      for (const [name, tensor] of weights) {
        const key = adapterKey(name, plan);
        if (key !== undefined) tensors.set(key, tensor);
      }
      const { adapterName } = plan.settings;
      await saveAdapter(storage, configOf(plan, base), tensors, adapterName === 'default' ? '' : adapterName);
    },
  };
}

function configOf({ settings, modulesToSave, model, targets }: LoraPlan, base: string): LoraAdapterConfig {
  const { targetModules } = settings;
  const { headModules: heads, peftTaskType } = model.task;
  const savesHead = heads.length === 0 || heads.some((module) => modulesToSave.includes(module));
  const isAll = typeof targetModules === 'string' && targetModules.toLowerCase() === 'all-linear';
  const names = isAll ? [...targets.keys()] : (targetModules ?? ['query', 'value']);
  return {
    peft_type: 'LORA',
    task_type: savesHead ? peftTaskType : null,
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
