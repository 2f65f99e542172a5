/** Which layers an adapter changes, by the rules of PEFT. */
import type { LayerInfo } from '@attune/core/internal';
import { ModuleNames } from './module-names.js';
import { layerNumber, type PathTest, patternBudget, wholePath } from './patterns.js';
import type { TargetSettings } from './target-options.js';

/** Options with targets, whoever chose them. */
export type ChosenTargets = TargetSettings & Required<Pick<TargetSettings, 'targetModules'>>;

/** For models that name none themselves. */
export const defaultTargets: string[] = ['query', 'value'];

type Layer = Pick<LayerInfo, 'path' | 'kind'>;

/**
 * Whether a layer of a kind that the method takes is a target; made once for all layers.
 * @param modulesToSave never adapted
 * @param outputLayers those that make the scores of tokens, which `all-linear` leaves out
 * @throws AttuneError `E_CONFIG` (in the test) for patterns that take too many steps
 */
export function layerTest(
  { targetModules, excludeModules, layersToTransform, layersPattern }: ChosenTargets,
  modulesToSave: readonly string[],
  outputLayers: readonly string[] = [],
): (layer: Layer) => boolean {
  const budget = patternBudget();
  const saved = new ModuleNames(modulesToSave);
  const isExcluded = excludeModules === undefined ? () => false : chosenBy(excludeModules);
  const isChosen = chosenBy(targetModules);
  const isInChosenLayer = layerChoice();

  /** A string is a regular expression over the whole path, a list holds paths or their endings. */
  function chosenBy(modules: string | readonly string[]): PathTest {
    if (typeof modules === 'string') return wholePath(modules, budget);
    const names = new ModuleNames(modules);
    return (path) => names.end(path);
  }

  /** Whether the first number behind `layersPattern` is a chosen one; of names in full every layer. */
  function layerChoice(): PathTest {
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

  return ({ path, kind }) => {
    if (saved.hold(path) || isExcluded(path)) return false;
    const isAll = typeof targetModules === 'string' && targetModules.toLowerCase() === 'all-linear';
    return isAll ? kind === 'linear' && !outputLayers.includes(path) : isChosen(path) && isInChosenLayer(path);
  };
}

function firstNumber(path: string): number | undefined {
  const digits = /^.*?\.[^.]*\.(\d+)\./.exec(path)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
