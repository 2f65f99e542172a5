/** What a run does after a step whose numbers are not finite: loaded by runs that have one. */
import { AttuneError } from '@attune/ir';
import type { Batch } from '../dataset.js';
import { firstNonFinite } from '../learner/finite.js';
import type { Learner } from '../learner/learner.js';
import type { StepBatch, StepResult } from '../learner/training-programs.js';
import { batchInput } from '../port-names.js';
import { type RewindOptions, rewind } from './rewind.js';

export interface FailedStep {
  /** Its number, from 1. */
  readonly step: number;
  readonly batches: readonly Batch[];
  /** What was computed of them at a time. */
  readonly microBatches: readonly StepBatch[];
  readonly result: StepResult;
  /** The tensor that is not finite after the step, where loss and gradients are. */
  readonly known: string | undefined;
}

/** Where a run ends that went back. */
export interface StepBack {
  /** Optimizer steps done there. */
  readonly step: number;
  /** Whether its weights are finite. */
  readonly isSound: boolean;
  /** Names the cause. */
  readonly error: AttuneError;
}

/**
 * Puts parameters and state to where they were before the step, or before an earlier one whose update already was not
 * finite.
 * @throws AttuneError `E_CHECKPOINT`, and what a step throws; an aborted signal ends the search early instead
 */
export async function goBack(failed: FailedStep, options: RewindOptions): Promise<StepBack> {
  const { learner, anchor, signal } = options;
  const { batches, microBatches, result, known } = failed;
  const fallback = known ?? firstBadInput(batches) ?? (Number.isFinite(result.loss) ? 'gradientNorm' : 'loss');
  let step = failed.step;
  try {
    const bad = await rewind(step - 1, options);
    const field =
      bad ?? (fallback === 'gradientNorm' ? await firstBadGradient(learner, microBatches, step - 1) : fallback);
    step--;
    for (let found = bad; found !== undefined && step > anchor.step; ) found = await rewind(--step, options);
    const isSound = (await learner.firstNonFinite()) === undefined;
    return { step, isSound, error: nonFiniteError(failed, field) };
  } catch (error) {
    if (!signal?.aborted) throw error;
    return { step, isSound: false, error: nonFiniteError(failed, fallback) };
  }
}

/** @param field the first tensor that is not finite */
function nonFiniteError({ step, batches, result }: FailedStep, field: string): AttuneError {
  const { loss, gradientNorm } = result;
  const rows = batches.flatMap((batch) => batch.rows);
  const listed = `${rows.slice(0, 20).join(', ')}${rows.length > 20 ? ' …' : ''}`;
  return new AttuneError(
    'E_NONFINITE',
    `Step ${step} gave a loss of ${loss} and a gradient norm of ${gradientNorm}; the first tensor that is not finite is ${field}. The rows were ${listed}.`,
    { field, hint: 'Try a smaller learning rate; resuming goes on from the last good checkpoint.' },
  );
}

/** The first field of the batches with a number that is not finite. */
const firstBadInput = (batches: readonly Batch[]): string | undefined =>
  firstNonFinite(
    batches.flatMap(({ tensors }) =>
      Object.entries(tensors).map(([name, tensor]) => [batchInput(name), tensor] as const),
    ),
  );

/**
 * The first parameter whose gradient has a number that is not finite, on the state from before the step; the norm of
 * all gradients where each by itself is finite.
 */
async function firstBadGradient(learner: Learner, batches: readonly StepBatch[], step: number): Promise<string> {
  const bad = firstNonFinite(await learner.gradients(batches, step));
  return bad === undefined ? 'gradientNorm' : `the gradient of ${bad}`;
}
