/** Which layers a LoRA adapter changes, by the rules of PEFT. */
import type { LayerInfo } from '@attune/core';
import { isInside } from '../task-head.js';
import type { LoraSettings } from './options.js';
import { matchesWhole } from './patterns.js';

/** Whether the layer is adapted. `modulesToSave` are never. */
export function isTarget(
  { path, kind }: Pick<LayerInfo, 'path' | 'kind'>,
  settings: LoraSettings,
  modulesToSave: readonly string[],
): boolean {
  if (kind === 'layer_norm' || modulesToSave.some((module) => isInside(path, module))) return false;
  const { targetModules = ['query', 'value'], excludeModules } = settings;
  if (excludeModules !== undefined && isExcluded(path, excludeModules)) return false;
  if (typeof targetModules === 'string') {
    return targetModules.toLowerCase() === 'all-linear' ? kind === 'linear' : matchesWhole(targetModules, path);
  }
  return targetModules.includes(path) || (endsInOne(path, targetModules) && isChosenLayer(path, settings));
}

/** A string is a regular expression over the whole path, a list holds paths or their endings. */
const isExcluded = (path: string, modules: string | readonly string[]): boolean =>
  typeof modules === 'string' ? matchesWhole(modules, path) : modules.includes(path) || endsInOne(path, modules);

const endsInOne = (path: string, modules: readonly string[]): boolean =>
  modules.some((module) => path.endsWith(`.${module}`));

/** Whether the first number behind `layersPattern` is a chosen one. */
function isChosenLayer(path: string, { layersToTransform, layersPattern }: LoraSettings): boolean {
  if (!layersToTransform) return true;
  const pattern = layersPattern === undefined ? /^.*?\.[^.]*\.(\d+)\./ : numberBehind([layersPattern].flat());
  const number = pattern.exec(path)?.[1];
  return number !== undefined && layersToTransform.includes(Number(number));
}

const numberBehind = (names: readonly string[]): RegExp => new RegExp(`^(?:.*?\\.)?(?:${names.join('|')})\\.(\\d+)\\.`);

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
  return Object.entries(pattern).find(([key]) => matchesWhole(`(?:.*\\.)?(?:${key})`, path))?.[1];
}
