import type { HostBatch, Objective } from '../objective.js';
import { type Traced, traceLoss } from '../trace.js';
import type { AdaptedModel } from './adapted-model.js';
import { typesOf } from './batch-types.js';

/** The loss program of training under the strategies, with dropout where they leave it. */
export function traceTrainingLoss(
  { model, rewrites, adaptation }: AdaptedModel,
  objective: Objective,
  batch: HostBatch,
): Traced {
  return traceLoss({
    model,
    objective,
    rewrites,
    batch: typesOf(batch),
    training: true,
    ...(adaptation.dropoutAt ? { dropoutAt: (path: string) => adaptation.dropoutAt?.(path) ?? true } : {}),
  });
}
