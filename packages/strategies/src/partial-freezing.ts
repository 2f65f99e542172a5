/** Fine-tuning of the top layers alone (Lee et al. 2019, arXiv 1911.03090). */
import type { Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import * as z from 'zod/mini';
import { depthsOf, lowestOfTop } from './layer-depths.js';

const partialFreezingSchema = z.strictObject({
  /** How many layers train, counted from the top; 0 for the head and what stands right below it. */
  topLayers: z._default(z.int().check(z.nonnegative()), 3),
});

export type PartialFreezingOptions = z.input<typeof partialFreezingSchema>;

/**
 * The top layers and all above them train, whatever other strategies say of those below; alone, all of them do. The frozen
 * part runs without dropout, as in evaluation, so that its activations can be computed once for each example.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) for a model with fewer layers
 */
export function partialFreezing(options: PartialFreezingOptions = {}): Strategy {
  const name = 'partial-freezing';
  const settings = parseOptions(partialFreezingSchema, options, name);
  return {
    name,
    options: settings,
    adapt(model) {
      const depths = depthsOf(model, name);
      const lowest = lowestOfTop(settings.topLayers, depths, 'topLayers');
      return {
        freezes: (parameter) => depths.of(parameter.name) < lowest,
        dropoutAt: (path) => depths.of(path) >= lowest,
      };
    },
  };
}
