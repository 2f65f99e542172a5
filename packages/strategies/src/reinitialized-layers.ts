/** Top layers that begin anew, for little data (Zhang et al. 2021, arXiv 2006.05987, section 5). */
import type { Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { isInside } from './adapters/task-head.js';
import { depthsOf, lowestOfTop } from './layer-depths.js';

const reinitializedLayersSchema = z.strictObject({
  /** How many layers, counted from the top; the paper's best are 1 to 6 of 24. */
  topLayers: z._default(z.int().check(z.nonnegative()), 1),
});

export type ReinitializedLayersOptions = z.input<typeof reinitializedLayersSchema>;

/**
 * The top layers, and what stands between them and the head (of BERT the pooler), begin as in a model that was never
 * trained; the head stays as it is. All of them have to train.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) for a model with fewer layers
 */
export function reinitializedLayers(options: ReinitializedLayersOptions = {}): Strategy {
  const name = 'reinitialized-layers';
  const settings = parseOptions(reinitializedLayersSchema, options, name);
  return {
    name,
    options: settings,
    adapt(model) {
      const depths = depthsOf(model, name);
      const lowest = lowestOfTop(settings.topLayers, depths, 'topLayers');
      const isHead = (parameter: string) => model.task.headModules.some((module) => isInside(parameter, module));
      return {
        startsAnew({ name: parameter }, changes) {
          if (depths.of(parameter) < lowest || isHead(parameter)) return false;
          if (changes) return true;
          throw new AttuneError('E_STRATEGY', `${name}: ${parameter} would begin at random and never train.`, {
            field: parameter,
            hint: 'Begin anew only layers that train; an adapter would not save them.',
          });
        },
      };
    },
  };
}
