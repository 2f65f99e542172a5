/** An adapter's options as the fields of PEFT's adapter_config.json. */
import type { Model } from '@attune/core';
import type { targetFields } from './target-options.js';
import type { ChosenTargets } from './targets.js';

/** The part of a method's definition that its files depend on. */
export interface FieldNames {
  /** Options beside those about targets, with the fields that hold them. */
  readonly fields: Readonly<Record<string, string>>;
  /** Options about targets that PEFT's files of this method do not have. */
  readonly withoutFields?: readonly (keyof typeof targetFields)[];
}

export function configOf(
  { fields, withoutFields = [] }: FieldNames,
  settings: ChosenTargets,
  adapter: { readonly model: Model; readonly modulesToSave: readonly string[]; readonly targets: readonly string[] },
): Readonly<Record<string, unknown>> {
  const { targetModules, excludeModules } = settings;
  const isAll = typeof targetModules === 'string' && targetModules.toLowerCase() === 'all-linear';
  // Without a field for the layers that are left out, the others are named in full.
  const inFull = isAll || (excludeModules !== undefined && withoutFields.includes('excludeModules'));
  const given: Readonly<Record<string, unknown>> = settings;
  return {
    ...Object.fromEntries(Object.entries(fields).map(([option, field]) => [field, given[option] ?? null])),
    ...modulesConfig(adapter),
    target_modules: inFull ? adapter.targets : targetModules,
    ...(withoutFields.includes('excludeModules') ? {} : { exclude_modules: excludeModules ?? null }),
    layers_to_transform: settings.layersToTransform ?? null,
    layers_pattern: settings.layersPattern ?? null,
  };
}

/** What every method says of the task and the modules saved with the adapter. */
export function modulesConfig({
  model,
  modulesToSave,
}: {
  readonly model: Model;
  readonly modulesToSave: readonly string[];
}): Readonly<Record<string, unknown>> {
  const { headModules: heads, peftTaskType } = model.task;
  const savesHead = heads.length === 0 || heads.some((module) => modulesToSave.includes(module));
  return { task_type: savesHead ? peftTaskType : null, modules_to_save: [...modulesToSave] };
}
