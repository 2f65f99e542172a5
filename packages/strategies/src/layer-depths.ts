import type { LayerDepths, Model } from '@attune/core';
import { AttuneError } from '@attune/ir';

/** The depths of a model's parameters, for the strategy of that name. @throws AttuneError `E_STRATEGY` if it has none */
export function depthsOf({ depths, architecture }: Model, strategy: string): LayerDepths {
  if (depths) return depths;
  const message = `${strategy} goes by layers, and a model of type "${architecture}" has none that it knows.`;
  throw new AttuneError('E_STRATEGY', message, { field: 'strategy' });
}

/**
 * The depth of the lowest of the top layers.
 * @param field the option that gives their number
 * @throws AttuneError `E_STRATEGY` if the model has fewer
 */
export function lowestOfTop(layers: number, depths: LayerDepths, field: string): number {
  if (layers <= depths.layers) return depths.layers + 1 - layers;
  throw new AttuneError('E_STRATEGY', `${field} is ${layers}, and the model has ${depths.layers} layers.`, { field });
}
