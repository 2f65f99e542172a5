/** What a step whose numbers are not finite is told by. */
import { AttuneError } from '@attune/ir';
import type { Batch } from '../dataset.js';
import { firstNonFinite } from '../learner/finite.js';
import type { Learner } from '../learner/learner.js';
import type { StepBatch, StepResult } from '../learner/training-programs.js';
import { batchInput } from '../trace.js';

export const isFiniteStep = ({ loss, gradientNorm }: StepResult): boolean =>
  Number.isFinite(loss) && Number.isFinite(gradientNorm);

/**
 * A step whose loss or gradients are not finite.
 * @param step the step's number, from 1
 * @param field the first tensor that is not finite
 */
export function nonFiniteError(
  { loss, gradientNorm }: StepResult,
  step: number,
  batches: readonly Batch[],
  field: string,
): AttuneError {
  const rows = batches.flatMap((batch) => batch.rows);
  const listed = `${rows.slice(0, 20).join(', ')}${rows.length > 20 ? ' …' : ''}`;
  return new AttuneError(
    'E_NONFINITE',
    `Step ${step} gave a loss of ${loss} and a gradient norm of ${gradientNorm}; the first tensor that is not finite is ${field}. The rows were ${listed}.`,
    { field, hint: 'Try a smaller learning rate; resuming goes on from the last good checkpoint.' },
  );
}

/** The first field of the batches with a number that is not finite. */
export const firstBadInput = (batches: readonly Batch[]): string | undefined =>
  firstNonFinite(
    batches.flatMap(({ tensors }) =>
      Object.entries(tensors).map(([name, tensor]) => [batchInput(name), tensor] as const),
    ),
  );

/**
 * The first parameter whose gradient has a number that is not finite, on the state from before the step; the norm of
 * all gradients where each by itself is finite.
 */
export async function firstBadGradient(learner: Learner, batches: readonly StepBatch[], step: number): Promise<string> {
  const bad = firstNonFinite(await learner.gradients(batches, step));
  return bad === undefined ? 'gradientNorm' : `the gradient of ${bad}`;
}
