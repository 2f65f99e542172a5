/** Which layers a LoRA adapter changes, by the rules of PEFT. */
import type { LayerInfo, LayerKind } from '@attune/core';
import { ModuleNames } from '../module-names.js';
import type { LoraSettings } from './options.js';
import { layerNumber, type PathTest, pathEnd, patternBudget, wholePath } from './patterns.js';

/** Layers that a low-rank update can be added to. */
const takesUpdate: Readonly<Record<LayerKind, boolean>> = {
  linear: true,
  embedding: true,
  layer_norm: false,
  rms_norm: false,
};

export interface LayerScale {
  readonly rank: number;
  /** Factor on the update. */
  readonly scaling: number;
}

export interface LayerRules {
  /** Whether the layer is adapted. */
  isTarget(layer: Pick<LayerInfo, 'path' | 'kind'>): boolean;
  /** Rank and scaling of a layer; a pattern's key matches the end of the path. */
  scaleOf(path: string): LayerScale;
}

/**
 * The rules of an adapter, made once for all layers.
 * @param modulesToSave never adapted
 * @throws AttuneError `E_CONFIG` (in the rules) for patterns that take too many steps
 */
export function layerRules(settings: LoraSettings, modulesToSave: readonly string[]): LayerRules {
  const budget = patternBudget();
  const { targetModules = ['query', 'value'], excludeModules, r, alpha, rslora } = settings;
  const saved = new ModuleNames(modulesToSave);
  const isExcluded = excludeModules === undefined ? () => false : chosenBy(excludeModules);
  const isChosen = chosenBy(targetModules);
  const isInChosenLayer = layerChoice();
  const rankOf = valueAt(settings.rankPattern);
  const alphaOf = valueAt(settings.alphaPattern);

  /** A string is a regular expression over the whole path, a list holds paths or their endings. */
  function chosenBy(modules: string | readonly string[]): PathTest {
    if (typeof modules === 'string') return wholePath(modules, budget);
    const names = new ModuleNames(modules);
    return (path) => names.end(path);
  }

  /** Whether the first number behind `layersPattern` is a chosen one; of names in full every layer. */
  function layerChoice(): PathTest {
    const { layersToTransform, layersPattern } = settings;
    if (!layersToTransform) return () => true;
    const layers = new Set(layersToTransform);
    const whole = new Set(targetModules);
    const numberOf = layersPattern === undefined ? firstNumber : layerNumber([layersPattern].flat(), budget);
    return (path) => {
      if (whole.has(path)) return true;
      const number = numberOf(path);
      return number !== undefined && layers.has(number);
    };
  }

  function valueAt(pattern: Readonly<Record<string, number>>): (path: string) => number | undefined {
    const values = Object.entries(pattern).map(([key, value]) => ({ isAt: pathEnd(key, budget), value }));
    return (path) => values.find(({ isAt }) => isAt(path))?.value;
  }

  return {
    isTarget({ path, kind }) {
      if (!takesUpdate[kind] || saved.hold(path) || isExcluded(path)) return false;
      const isAll = typeof targetModules === 'string' && targetModules.toLowerCase() === 'all-linear';
      return isAll ? kind === 'linear' : isChosen(path) && isInChosenLayer(path);
    },
    scaleOf(path) {
      const rank = rankOf(path) ?? r;
      return { rank, scaling: (alphaOf(path) ?? alpha) / (rslora ? Math.sqrt(rank) : rank) };
    },
  };
}

function firstNumber(path: string): number | undefined {
  const digits = /^.*?\.[^.]*\.(\d+)\./.exec(path)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
