/** Which layers a LoRA adapter changes, by the rules of PEFT. */
import type { LayerInfo } from '@attune/core';
import { isInside } from '../task-head.js';
import type { LoraSettings } from './options.js';

/** Whether the layer is adapted. `modulesToSave` are never. */
export function isTarget({ path, kind }: Pick<LayerInfo, 'path' | 'kind'>, settings: LoraSettings, modulesToSave: readonly string[]): boolean {
  if (kind === 'layer_norm' || modulesToSave.some((module) => isInside(path, module))) return false;
  const { targetModules = ['query', 'value'], excludeModules } = settings;
  if (excludeModules !== undefined && matches(path, excludeModules)) return false;
  const chosen = targetModules === 'all-linear' ? kind === 'linear' : matches(path, targetModules);
  return chosen && isChosenLayer(path, settings);
}

/** A string is a regular expression over the whole path, a list holds paths or their endings. */
function matches(path: string, modules: string | readonly string[]): boolean {
  if (typeof modules === 'string') return new RegExp(`^(?:${modules})$`).test(path);
  return modules.some((module) => path === module || path.endsWith(`.${module}`));
}

function isChosenLayer(path: string, { layersToTransform, layersPattern }: LoraSettings): boolean {
  if (!layersToTransform) return true;
  const before = layersPattern === undefined ? '[^.]+' : layersPattern;
  const number = new RegExp(`(?:^|\\.)(?:${before})\\.(\\d+)\\.`).exec(path)?.[1];
  return number !== undefined && layersToTransform.includes(Number(number));
}

export interface LayerScale {
  readonly rank: number;
  /** Factor on the update. */
  readonly scaling: number;
}

/** Rank and scaling of a layer; a pattern's key matches the end of the path. */
export function scaleOf(path: string, { r, alpha, rslora, rankPattern, alphaPattern }: LoraSettings): LayerScale {
  const rank = byPattern(path, rankPattern) ?? r;
  const numerator = byPattern(path, alphaPattern) ?? alpha;
  return { rank, scaling: numerator / (rslora ? Math.sqrt(rank) : rank) };
}

function byPattern(path: string, pattern: Readonly<Record<string, number>>): number | undefined {
  return Object.entries(pattern).find(([key]) => new RegExp(`^(?:.*\\.)?(?:${key})$`).test(path))?.[1];
}
