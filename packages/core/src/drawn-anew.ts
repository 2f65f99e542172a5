import { describeModel } from './describe-model.js';
import type { Model } from './model.js';

/**
 * Parameters of a model that no file has and that began at random, as those of a head that was never trained.
 * @param created the parameters that began anew; of them, those that begin at a constant are the same everywhere
 */
export function drawnAnew(model: Model, created: readonly string[]): readonly string[] {
  const { parameters } = describeModel(model);
  const isDrawn = new Map(parameters.map(({ name, initializer }) => [name, initializer?.kind !== 'constant']));
  return created.filter((name) => isDrawn.get(name));
}
