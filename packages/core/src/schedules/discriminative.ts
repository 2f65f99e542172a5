/** ULMFiT's rates by layer (arXiv 1801.06146, section 3.2). Layers count from the first (0) to the last. */

/** The factor on the base rate of a layer: 1 for the last one, 1 / `factor` of the one above for each below it. */
export const layerLearningRateScale = (layer: number, layers: number, factor = 2.6): number =>
  1 / factor ** (layers - 1 - layer);

/** Gradual unfreezing: whether the layer trains in the epoch (from 0); one more from the top in each. */
export const trainsInEpoch = (layer: number, layers: number, epoch: number): boolean => layer >= layers - 1 - epoch;
