import type { HostBatch, Objective } from '../objective.js';
import { narrow } from '../passes/narrow.js';
import { type Traced, traceLoss } from '../trace.js';
import type { AdaptedModel } from './adapted-model.js';
import { typesOf } from './batch-types.js';

/**
 * The loss program of training under the strategies, with dropout where they leave it. It is narrowed before it is
 * differentiated, so that the backward pass is narrow too.
 */
export function traceTrainingLoss(
  { model, rewrites, adaptation }: AdaptedModel,
  objective: Objective,
  batch: HostBatch,
): Traced {
  const { program, parameters } = traceLoss({
    model,
    objective,
    rewrites,
    batch: typesOf(batch),
    training: true,
    ...(adaptation.dropoutAt ? { dropoutAt: (path: string) => adaptation.dropoutAt?.(path) ?? true } : {}),
  });
  return {
    program: narrow({ ...program, outputs: program.outputs.filter(({ name }) => name === 'loss') }),
    parameters,
  };
}
