/** The gradients of a step, for loops of one's own; loaded when they are asked for. */
import type { HostTensor } from '@attune/ir';
import { accumulatorName } from '../port-names.js';
import type { AdaptedModel } from './adapted-model.js';
import type { CarriedState } from './carried-state.js';
import type { DeviceTensors } from './device-tensors.js';
import type { StepBatch, TrainingPrograms } from './training-programs.js';

interface Parts {
  readonly adapted: AdaptedModel;
  readonly training: TrainingPrograms;
  readonly tensors: DeviceTensors;
  readonly carried: CarriedState | undefined;
}

/** By parameter, before clipping; nothing is updated, and buffers and what the model carries are put back. */
export async function gradientsOf(
  batches: readonly StepBatch[],
  step: number,
  { adapted, training, tensors, carried }: Parts,
): Promise<ReadonlyMap<string, HostTensor>> {
  const saved = await carried?.save();
  const buffers = new Map<string, HostTensor>();
  for (const { name, isBuffer } of adapted.parameters) if (isBuffer) buffers.set(name, await tensors.download(name));
  const clear = await training.accumulate(batches, step);
  if (saved) carried?.restore(saved);
  for (const [name, tensor] of buffers) tensors.set(name, tensor);
  const gradients = new Map<string, HostTensor>();
  for (const { name } of adapted.parameters) {
    const sum = accumulatorName(name);
    if (tensors.has(sum)) gradients.set(name, await tensors.download(sum));
  }
  clear();
  return gradients;
}
