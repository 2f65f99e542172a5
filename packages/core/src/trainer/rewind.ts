/**
 * The state of a run before a step, made again from its last checkpoint: steps are functions of their number, so that
 * doing them again gives the same bits. This is how a run whose step was not finite ends with sound weights, while
 * the steps themselves stay one program that updates in place.
 */
import type { Storage } from '@attune/hub';
import { readCheckpointTensors } from '../checkpoint/load.js';
import type { Learner } from '../learner/learner.js';
import type { StepPlan } from './steps.js';

/** Where steps are done again from. */
export interface Anchor {
  /** Optimizer steps done there. */
  readonly step: number;
  /** The checkpoint; the weights from before training where absent. */
  readonly path?: string;
  readonly schedule: unknown;
}

export interface RewindOptions {
  readonly learner: Learner;
  readonly plan: StepPlan;
  readonly output: Storage | undefined;
  readonly anchor: Anchor;
  /** What the schedule was told after each step since the anchor. */
  readonly reports: ReadonlyMap<number, number>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Puts parameters and state to where they were after `step` steps.
 * @returns the first tensor that is not finite there, if there is one
 * @throws the signal's reason; AttuneError `E_CHECKPOINT`
 */
export async function rewind(step: number, options: RewindOptions): Promise<string | undefined> {
  const { learner, plan, output, anchor, reports, signal } = options;
  const host = learner.hostSchedule;
  learner.reset();
  if (output && anchor.path !== undefined) {
    learner.restore(await readCheckpointTensors(output, anchor.path, learner), anchor.step);
  }
  if (host) host.restore(anchor.schedule);
  for (let done = anchor.step; done < step; done++) {
    signal?.throwIfAborted();
    await learner.step(plan.at(done).microBatches, done);
    const metric = reports.get(done + 1);
    if (metric !== undefined) host?.report(metric);
  }
  return learner.firstNonFinite();
}
