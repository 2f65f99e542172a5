import { type OptionProblem, parseOptions } from '@attune/core';
import * as z from 'zod/mini';
import { type PatternFields, patternFault } from './patterns.js';

const names = z.array(z.string().check(z.minLength(1))).check(z.minLength(1));

const loraOptionsSchema = z.strictObject({
  /** Rank of the update; 8 by default. */
  r: z._default(z.int().check(z.positive()), 8),
  /** The update is scaled by alpha / r (or alpha / sqrt(r) with rslora); 8 by default. */
  alpha: z._default(z.number().check(z.positive()), 8),
  /** Dropout on the input of the update while training; 0 by default. */
  dropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0),
  /** Layer names or their endings, a regular expression over whole paths, or `all-linear`; query and value by default. */
  targetModules: z.optional(z.union([z.string().check(z.minLength(1)), names])),
  /** Names as for `targetModules` that are left out. */
  excludeModules: z.optional(z.union([z.string().check(z.minLength(1)), names])),
  /** Modules that train in full and are saved with the adapter; the task's head and what no file has by default. */
  modulesToSave: z.optional(z.array(z.string().check(z.minLength(1)))),
  bias: z._default(z.enum(['none', 'all', 'lora_only']), 'none'),
  rslora: z._default(z.boolean(), false),
  /** Gives the B matrices a bias. */
  loraBias: z._default(z.boolean(), false),
  /** Numbers of the layers to adapt, with a list of target names; all by default. */
  layersToTransform: z.optional(z.array(z.int().check(z.nonnegative())).check(z.minLength(1))),
  /** The names in front of a layer's number, for `layersToTransform`; any name by default. */
  layersPattern: z.optional(z.union([z.string().check(z.minLength(1)), names])),
  /** Ranks and alphas of layers whose path ends in the key, a regular expression. */
  rankPattern: z._default(z.record(z.string(), z.int().check(z.positive())), {}),
  alphaPattern: z._default(z.record(z.string(), z.number().check(z.positive())), {}),
  /** Name of the adapter; several adapters of one model need several names. */
  adapterName: z._default(z.string().check(z.regex(/^[A-Za-z0-9_-]+$/)), 'default'),
  /** Active but frozen: neither the adapter nor its `modulesToSave` train. */
  inferenceMode: z._default(z.boolean(), false),
});

export type LoraOptions = z.input<typeof loraOptionsSchema>;
export type LoraSettings = z.output<typeof loraOptionsSchema>;

/** @throws AttuneError `E_CONFIG` that lists all problems */
export const parseLoraOptions = (options: LoraOptions): LoraSettings =>
  parseOptions(loraOptionsSchema, options, 'lora', problemOf);

function problemOf(settings: LoraSettings): OptionProblem | undefined {
  const { targetModules, excludeModules, layersToTransform, layersPattern, rankPattern, alphaPattern } = settings;
  if (typeof targetModules === 'string' && layersToTransform) {
    return { field: 'layersToTransform', problem: 'needs targetModules to be a list of names' };
  }
  if (layersPattern !== undefined && !layersToTransform) {
    return { field: 'layersPattern', problem: 'needs layersToTransform' };
  }
  const fault = patternFault({
    target_modules: targetModules,
    exclude_modules: excludeModules,
    layers_pattern: layersPattern,
    rank_pattern: rankPattern,
    alpha_pattern: alphaPattern,
  });
  return fault && { field: optionNames[fault.field], problem: fault.problem };
}

const optionNames: Readonly<Record<keyof PatternFields, keyof LoraSettings>> = {
  target_modules: 'targetModules',
  exclude_modules: 'excludeModules',
  layers_pattern: 'layersPattern',
  rank_pattern: 'rankPattern',
  alpha_pattern: 'alphaPattern',
};
