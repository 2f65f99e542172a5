/** Learning rates by layer: discriminative fine-tuning (Howard and Ruder 2018), layer-wise decay (Clark et al. 2020). */
import { layerLearningRateScale, type Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import * as z from 'zod/mini';
import { depthsOf } from './layer-depths.js';

const discriminativeRatesSchema = z.strictObject({
  /** The rate of each layer as a share of the one above it: 0.9 suits transformers, ULMFiT has 1 / 2.6 = 0.385. */
  decay: z._default(z.number().check(z.positive(), z.maximum(1)), 0.9),
});

export type DiscriminativeRatesOptions = z.input<typeof discriminativeRatesSchema>;

/**
 * The head trains at the learning rate, each layer below at `decay` times that of the one above, the embeddings at the
 * lowest. It leaves to other strategies what trains; alone, everything does.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) for a model without layers
 */
export function discriminativeRates(options: DiscriminativeRatesOptions = {}): Strategy {
  const name = 'discriminative-rates';
  const settings = parseOptions(discriminativeRatesSchema, options, name);
  return {
    name,
    options: settings,
    adapt(model) {
      const depths = depthsOf(model, name);
      return {
        learningRateScale: (parameter) =>
          layerLearningRateScale(depths.of(parameter.name), depths.layers + 2, 1 / settings.decay),
      };
    },
  };
}
