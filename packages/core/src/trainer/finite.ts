/** Numbers that are not finite: found before they reach a checkpoint, a model or the user. */
import { AttuneError, type HostTensor } from '@attune/ir';
import type { Batch } from '../dataset.js';
import { batchInput } from '../trace.js';
import type { DeviceTensors } from './device-tensors.js';
import type { StepResult } from './training-programs.js';

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

/**
 * Undefined where loss and gradients are finite.
 * @param step the step's number, from 1
 * @param trainable names of the parameters, as they are after the step
 */
export async function nonFiniteError(
  { loss, gradientNorm }: StepResult,
  step: number,
  batches: readonly Batch[],
  tensors: DeviceTensors,
  trainable: Iterable<string>,
): Promise<AttuneError | undefined> {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return undefined;
  const field = await firstBadTensor(loss, batches, tensors, [...trainable]);
  const rows = batches.flatMap((batch) => batch.rows);
  const listed = `${rows.slice(0, 20).join(', ')}${rows.length > 20 ? ' …' : ''}`;
  return new AttuneError(
    'E_NONFINITE',
    `Step ${step} gave a loss of ${loss} and a gradient norm of ${gradientNorm}; the first tensor that is not finite is ${field}. The rows were ${listed}.`,
    { field, hint: 'Try a smaller learning rate; resuming goes on from the last good checkpoint.' },
  );
}

async function firstBadTensor(
  loss: number,
  batches: readonly Batch[],
  tensors: DeviceTensors,
  trainable: readonly string[],
): Promise<string> {
  const fields = batches.flatMap((batch) => Object.entries(batch.tensors));
  const input = firstNonFinite(fields.map(([name, tensor]) => [batchInput(name), tensor]));
  if (input !== undefined) return input;
  if (!Number.isFinite(loss)) return 'loss';
  const bad: string[] = [];
  for (const name of trainable)
    if (firstNonFinite([[name, await tensors.download(name)]]) !== undefined) bad.push(name);
  // Clipping spreads one bad gradient over all parameters.
  return bad[0] !== undefined && bad.length < trainable.length ? `the gradient of ${bad[0]}` : 'gradientNorm';
}
