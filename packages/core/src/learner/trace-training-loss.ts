import type { Capabilities } from '@attune/ir';
import type { HostBatch, Objective } from '../objective.js';
import { eliminateCommonSubexpressions } from '../passes/common-subexpressions.js';
import { fuse } from '../passes/fuse.js';
import { narrow } from '../passes/narrow.js';
import { unfuse } from '../passes/unfuse.js';
import { metricOutput } from '../port-names.js';
import { carriedNames, type Traced, traceLoss } from '../trace.js';
import type { AdaptedModel } from './adapted-model.js';
import { typesOf } from './batch-types.js';

/**
 * The loss program of training under the strategies, with dropout where they leave it, as it is to be differentiated:
 * with the fusions that the device claims forward and backward, and narrow, so that the backward pass is narrow too.
 */
export function traceTrainingLoss(
  { model, rewrites, adaptation, trainable }: AdaptedModel,
  objective: Objective,
  batch: HostBatch,
  capabilities: Capabilities,
): Traced {
  const { program, parameters } = traceLoss({
    model,
    objective,
    rewrites,
    batch: typesOf(batch),
    training: true,
    trainable,
    ...(adaptation.dropoutAt ? { dropoutAt: (path: string) => adaptation.dropoutAt?.(path) ?? true } : {}),
  });
  const kept = ['loss', ...(objective.metricNames ?? []).map(metricOutput), ...carriedNames(program)];
  const loss = { ...program, outputs: program.outputs.filter(({ name }) => kept.includes(name)) };
  // A pass through a further head over the same weights shares all below it.
  const shared = objective.models ? eliminateCommonSubexpressions(loss) : loss;
  const differentiated = { differentiated: true };
  return {
    program: fuse(narrow(unfuse(shared, capabilities, differentiated)), capabilities, differentiated),
    parameters,
  };
}
