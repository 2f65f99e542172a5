/** For tests: golden BERTs with their batches, and what the reference interpreter computes with them. */
import { initialize, type Strategy } from '@attune/core';
import { planModel } from '@attune/core/internal';
import { openSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath } from '@attune/hub/testing/python';
import { type HostTensor, hostTensor } from '@attune/ir';
import { type LoadedModel, loadModel } from '@attune/models';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';

export const basePath = sharedPath('golden/peft/base-bert');
export const batchPath = `${basePath}/batch.safetensors`;

export type Weights = ReadonlyMap<string, HostTensor>;

export const loadBase = (path = basePath, task = 'sequence-classification'): Promise<LoadedModel> =>
  loadModel(nodeStorage(path), { task });

/** The base's weights and, for parameters that the strategies add, small numbers that are nowhere 0. */
export function adaptedWeights({ model, weights, created }: LoadedModel, strategies: readonly Strategy[]): Weights {
  const { parameters } = planModel(model, strategies, created);
  const noise = { kind: 'normal', standardDeviation: 0.2 } as const;
  return new Map(parameters.map(({ name, type }) => [name, weights.get(name) ?? initialize(noise, type, 7, name)]));
}

/** Every trained parameter a little larger. */
export function moved({ model, created }: LoadedModel, weights: Weights, strategies: readonly Strategy[]): Weights {
  const result = new Map(weights);
  for (const name of planModel(model, strategies, created).trainable) {
    const { type, data } = weights.get(name)!;
    result.set(
      name,
      hostTensor(
        type.shape,
        Array.from(data, (value) => value * 1.1 + 0.01),
      ),
    );
  }
  return result;
}

/** All outputs of the model on the batch in its directory, under the strategies, one after the other. */
export async function outputsOf(
  { model, created, source: directory }: LoadedModel,
  weights: Weights,
  strategies: readonly Strategy[] = [],
): Promise<readonly number[]> {
  const source = await openSafetensors(directory, 'batch.safetensors');
  const fields = {
    inputIds: await source.read('input_ids'),
    attentionMask: await source.read('attention_mask'),
    tokenTypeIds: await source.read('token_type_ids'),
  };
  const planned = planModel(model, strategies, created);
  const outputs = forwardOutputs(planned.model, weights, fields, planned.rewrites);
  return [...outputs.values()].flatMap(({ data }) => Array.from(data));
}

/** The largest difference between two lists of numbers. */
export const distance = (got: ArrayLike<number>, want: ArrayLike<number>): number =>
  got.length === want.length
    ? Math.max(...Array.from(got, (value, index) => Math.abs(value - want[index]!)))
    : Number.POSITIVE_INFINITY;
