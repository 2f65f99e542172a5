import type { LayerDepths } from '@attune/core';

/**
 * Depths by names.
 * @param embeddings what lies below the first layer
 * @param layer the number of a layer, from 0, as its group
 */
export const layerDepths = (layers: number, embeddings: RegExp, layer: RegExp): LayerDepths => ({
  layers,
  of(path) {
    const index = layer.exec(path)?.[1];
    if (index !== undefined) return Number(index) + 1;
    return embeddings.test(path) ? 0 : layers + 1;
  },
});
