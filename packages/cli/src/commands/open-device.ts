import { Learner, type PredictionContext } from '@attune/core';
import type { SavedModel } from '@attune/inference';
import type { Backend } from '@attune/ir';

/** Puts a model's weights on a device, and closes the device when `use` is done. */
export async function withDevice<T>(
  { loaded: { model }, strategies, weights }: SavedModel,
  {
    backend,
    batchSize,
    signal,
  }: { readonly backend: Backend; readonly batchSize: number; readonly signal: AbortSignal },
  use: (context: PredictionContext) => Promise<T>,
): Promise<T> {
  await using learner = await Learner.open({ model: { model, weights }, strategy: strategies, backend });
  return await use(learner.context({ batchSize, signal }));
}
