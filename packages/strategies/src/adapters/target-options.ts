/** The options that adapter methods share, under PEFT's names in camelCase. */
import type { OptionProblem } from '@attune/core/internal';
import * as z from 'zod/mini';
import { type PatternFields, patternFault } from './patterns.js';

const name = z.string().check(z.minLength(1));
const names = z.array(name).check(z.minLength(1));
const nameOrNames = z.optional(z.union([name, names]));

/** Of all methods. */
export const commonShape = {
  /** Modules that train in full and are saved with the adapter; the task's head and what no file has by default. */
  modulesToSave: z.optional(z.array(name)),
  /** Name of the adapter; several adapters of one model need several names. */
  adapterName: z._default(z.string().check(z.regex(/^[A-Za-z0-9_-]+$/)), 'default'),
  /** Active but frozen: neither the adapter nor its `modulesToSave` train. */
  inferenceMode: z._default(z.boolean(), false),
};

/** Of methods that change layers. */
export const targetShape = {
  ...commonShape,
  /** Layer names or their endings, a regular expression over whole paths, or `all-linear`; query and value by default. */
  targetModules: nameOrNames,
  /** Names as for `targetModules` that are left out. */
  excludeModules: nameOrNames,
  /** Numbers of the layers to adapt, with a list of target names; all by default. */
  layersToTransform: z.optional(z.array(z.int().check(z.nonnegative())).check(z.minLength(1))),
  /** The names in front of a layer's number, for `layersToTransform`; any name by default. */
  layersPattern: nameOrNames,
};

const commonSchema = z.object(commonShape);
const targetSchema = z.object(targetShape);

export type CommonSettings = z.output<typeof commonSchema>;
export type TargetSettings = z.output<typeof targetSchema> & {
  /** Which biases of the base train: `none`, `all`, or those of adapted layers by another word. */
  readonly bias?: string;
  readonly rankPattern?: Readonly<Record<string, number>>;
  readonly alphaPattern?: Readonly<Record<string, number>>;
};

/** The fields of adapter_config.json that hold these options. */
export const commonFields = { modulesToSave: 'modules_to_save' } as const;
export const targetFields = {
  ...commonFields,
  targetModules: 'target_modules',
  excludeModules: 'exclude_modules',
  layersToTransform: 'layers_to_transform',
  layersPattern: 'layers_pattern',
} as const;

/** What speaks against options about targets together. */
export function targetProblem(settings: TargetSettings): OptionProblem | undefined {
  const { targetModules, layersToTransform, layersPattern } = settings;
  if (typeof targetModules === 'string' && layersToTransform) {
    return { field: 'layersToTransform', problem: 'needs targetModules to be a list of names' };
  }
  if (layersPattern !== undefined && !layersToTransform) {
    return { field: 'layersPattern', problem: 'needs layersToTransform' };
  }
  const fault = patternFault({
    target_modules: targetModules,
    exclude_modules: settings.excludeModules,
    layers_pattern: layersPattern,
    rank_pattern: settings.rankPattern,
    alpha_pattern: settings.alphaPattern,
  });
  return fault && { field: optionNames[fault.field], problem: fault.problem };
}

const optionNames: Readonly<Record<keyof PatternFields, keyof TargetSettings>> = {
  target_modules: 'targetModules',
  exclude_modules: 'excludeModules',
  layers_pattern: 'layersPattern',
  rank_pattern: 'rankPattern',
  alpha_pattern: 'alphaPattern',
};
