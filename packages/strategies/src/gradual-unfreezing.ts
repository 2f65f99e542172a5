/** Gradual unfreezing (Howard and Ruder 2018, section 3.3). */
import type { LayerDepths, Stage, Strategy, TrainingPlan } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { depthsOf } from './layer-depths.js';

const gradualUnfreezingSchema = z.strictObject({
  /** How many layers each stage adds. */
  layersPerStage: z._default(z.int().check(z.positive()), 1),
  /**
   * Epochs from stage to stage. By default 1, as in the paper, and less if the run has fewer epochs than stages: then all
   * stages are as long. Layers whose turn does not come stay as they are.
   */
  epochsPerStage: z.optional(z.number().check(z.positive())),
});

export type GradualUnfreezingOptions = z.input<typeof gradualUnfreezingSchema>;

/**
 * The head trains first, then layers from the top, a stage each, and the embeddings last; what trains goes on training. Of
 * what other strategies let train if there are others, of everything otherwise.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) for a model without layers
 */
export function gradualUnfreezing(options: GradualUnfreezingOptions = {}): Strategy {
  const name = 'gradual-unfreezing';
  const settings = parseOptions(gradualUnfreezingSchema, options, name);
  return {
    name,
    options: settings,
    adapt(model) {
      const depths = depthsOf(model, name);
      return { stages: (plan) => stagesOf(plan, depths, settings) };
    },
  };
}

function stagesOf(
  { steps, epochs, trainable }: TrainingPlan,
  depths: LayerDepths,
  { layersPerStage, epochsPerStage }: z.output<typeof gradualUnfreezingSchema>,
): readonly Stage[] {
  if (steps === Number.MAX_SAFE_INTEGER) {
    throw new AttuneError('E_STRATEGY', 'gradual-unfreezing divides a run into stages and needs to know its steps.', {
      field: 'steps',
    });
  }
  const [top = 0, ...below] = [...new Set(trainable.map(({ name }) => depths.of(name)))].sort((a, b) => b - a);
  const lowest = [top, ...below.filter((_, index) => (index + 1) % layersPerStage === 0 || index === below.length - 1)];
  const length = epochsPerStage === undefined ? Math.min(1 / epochs, 1 / lowest.length) : epochsPerStage / epochs;
  return lowest.map((depth, stage) => ({
    name: `depth ${depth} and above`,
    start: stage * length,
    trainable: ({ name }) => depths.of(name) >= depth,
  }));
}
