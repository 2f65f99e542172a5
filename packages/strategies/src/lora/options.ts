import { type OptionProblem, parseOptions } from '@attune/core';
import { z } from 'zod';
import { patternProblem } from './patterns.js';

const names = z.array(z.string().min(1)).min(1);

const loraOptionsSchema = z.strictObject({
  /** Rank of the update; 8 by default. */
  r: z.number().int().positive().default(8),
  /** The update is scaled by alpha / r (or alpha / sqrt(r) with rslora); 8 by default. */
  alpha: z.number().positive().default(8),
  /** Dropout on the input of the update while training; 0 by default. */
  dropout: z.number().min(0).lt(1).default(0),
  /** Layer names or their endings, a regular expression over whole paths, or `all-linear`; query and value by default. */
  targetModules: z.union([z.string().min(1), names]).optional(),
  /** Names as for `targetModules` that are left out. */
  excludeModules: z.union([z.string().min(1), names]).optional(),
  /** Modules that train in full and are saved with the adapter; the task's head and what no file has by default. */
  modulesToSave: z.array(z.string().min(1)).optional(),
  bias: z.enum(['none', 'all', 'lora_only']).default('none'),
  rslora: z.boolean().default(false),
  /** Gives the B matrices a bias. */
  loraBias: z.boolean().default(false),
  /** Numbers of the layers to adapt, with a list of target names; all by default. */
  layersToTransform: z.array(z.number().int().nonnegative()).min(1).optional(),
  /** The names in front of a layer's number, for `layersToTransform`; any name by default. */
  layersPattern: z.union([z.string().min(1), names]).optional(),
  /** Ranks and alphas of layers whose path ends in the key, a regular expression. */
  rankPattern: z.record(z.string(), z.number().int().positive()).default({}),
  alphaPattern: z.record(z.string(), z.number().positive()).default({}),
  /** Name of the adapter; several adapters of one model need several names. */
  adapterName: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .default('default'),
  /** Active but frozen: neither the adapter nor its `modulesToSave` train. */
  inferenceMode: z.boolean().default(false),
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
  const patterns: readonly (readonly [string, readonly string[]])[] = [
    ['targetModules', typeof targetModules === 'string' ? [targetModules] : []],
    ['excludeModules', typeof excludeModules === 'string' ? [excludeModules] : []],
    ['layersPattern', [layersPattern ?? []].flat()],
    ['rankPattern', Object.keys(rankPattern)],
    ['alphaPattern', Object.keys(alphaPattern)],
  ];
  for (const [field, own] of patterns) {
    const problem = own.map(patternProblem).find((found) => found !== undefined);
    if (problem) return { field, problem };
  }
  return undefined;
}
