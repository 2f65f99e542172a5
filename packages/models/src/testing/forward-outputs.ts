/** For tests: what a model gives on a batch, by the float64 interpreter. */
import type { HostBatch, LayerRewrite, Model } from '@attune/core';
import { batchInput, traceForward } from '@attune/core/internal';
import type { HostTensor } from '@attune/ir';
import { interpretByName } from '@attune/testing/interpret-by-name';

/** The outputs by name. */
export function forwardOutputs(
  model: Model,
  weights: ReadonlyMap<string, HostTensor>,
  fields: HostBatch,
  rewrites: readonly LayerRewrite[] = [],
): ReadonlyMap<string, HostTensor> {
  const batch = Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, type]));
  const given = Object.entries(fields).map(([name, tensor]) => [batchInput(name), tensor] as const);
  return interpretByName(traceForward({ model, batch, rewrites }).program, new Map([...weights, ...given]));
}
