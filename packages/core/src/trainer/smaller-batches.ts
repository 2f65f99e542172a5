/** What a run does when the device lacks memory for a step: it takes its batches in smaller parts. */
import { AttuneError } from '@attune/ir';
import type { TrainingArguments } from './training-arguments.js';

export interface SmallerBatches {
  /** Micro-batches that each batch is cut into. */
  readonly parts: number;
  /** How the run goes on, as the end of a sentence. */
  readonly how: string;
}

/**
 * Twice as many parts if the batch's rows allow that, else the next number that they allow.
 * @param parts what did not fit
 * @throws AttuneError `E_DEVICE_MEMORY` if each part is one row
 */
export function smallerBatches(
  cause: AttuneError,
  { perDeviceTrainBatchSize: size, gradientAccumulationSteps: steps }: TrainingArguments,
  parts: number,
): SmallerBatches {
  const rows = size / parts;
  for (let factor = 2; factor <= rows; factor++) {
    if (rows % factor !== 0) continue;
    const micro = `micro-batches of ${rows / factor} and gradientAccumulationSteps ${steps * parts * factor}`;
    return { parts: parts * factor, how: `with ${micro}, so that a step still has ${size * steps} examples` };
  }
  throw new AttuneError('E_DEVICE_MEMORY', `${cause.message} A micro-batch of one row does not fit either.`, {
    field: 'perDeviceTrainBatchSize',
    hint: 'Use shorter texts or a smaller model, or train fewer parameters.',
    cause,
  });
}
