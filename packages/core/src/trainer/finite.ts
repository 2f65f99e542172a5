/** Numbers that are not finite: found before they reach a checkpoint, a model or the user. */
import { AttuneError, type HostTensor } from '@attune/ir';
import type { Batch } from '../dataset.js';
import { batchInput } from '../trace.js';
import type { StepResult, TrainingPrograms } from './training-programs.js';

const isFloating = ({ type }: HostTensor): boolean => type.dtype === 'f32';

/** The first tensor with a NaN or an infinity, with the index of the element: `weight[17]`. */
export function firstNonFinite(tensors: Iterable<readonly [string, HostTensor]>): string | undefined {
  for (const [name, tensor] of tensors) {
    if (!isFloating(tensor)) continue;
    const { data } = tensor;
    for (let index = 0; index < data.length; index++) if (!Number.isFinite(data[index])) return `${name}[${index}]`;
  }
  return undefined;
}

/** @throws AttuneError `E_NONFINITE` that names the tensor */
export function requireFiniteWeights(weights: ReadonlyMap<string, HostTensor>): void {
  const bad = firstNonFinite(weights);
  if (bad === undefined) return;
  throw new AttuneError('E_NONFINITE', `The weights are not finite: ${bad}.`, {
    field: bad.slice(0, bad.lastIndexOf('[')),
    hint: 'The file is damaged, or its training diverged.',
  });
}

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
export async function firstBadGradient(
  programs: TrainingPrograms,
  batches: readonly Batch[],
  step: number,
): Promise<string> {
  const bad = firstNonFinite(await programs.gradients(batches, step));
  return bad === undefined ? 'gradientNorm' : `the gradient of ${bad}`;
}
