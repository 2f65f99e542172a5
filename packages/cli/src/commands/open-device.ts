import { Compiler, DeviceTensors, type PredictionContext } from '@attune/core';
import type { Backend } from '@attune/ir';
import type { OpenedModel } from '../model-directory.js';

/** Puts a model's weights on a device, and closes the device when `use` is done. */
export async function withDevice<T>(
  { loaded, rewrites, weights }: OpenedModel,
  {
    backend,
    batchSize,
    signal,
  }: { readonly backend: Backend; readonly batchSize: number; readonly signal: AbortSignal },
  use: (context: PredictionContext) => Promise<T>,
): Promise<T> {
  await using device = await backend.open();
  const compiler = new Compiler(device);
  using tensors = new DeviceTensors(device);
  for (const [name, tensor] of weights) tensors.set(name, tensor);
  const adapted = {
    model: loaded.model,
    adaptation: { trainable: () => false },
    rewrites,
    parameters: [],
    weights,
    trainable: new Set<string>(),
  };
  return await use({ adapted, compiler, tensors, batchSize, signal });
}
