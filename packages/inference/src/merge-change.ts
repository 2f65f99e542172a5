/** How much the outputs of a model change when its adapter is folded into the weights. */
import { Learner, type Model } from '@attune/core';
import { type Backend, elementCount, type HostTensor, type TensorType } from '@attune/ir';
import type { SavedModel } from './saved-model.js';

export interface MergeChange {
  /** The largest difference of an output. */
  readonly largest: number;
  /** The largest output itself, without its sign. */
  readonly largestOutput: number;
}

/**
 * Compares the outputs of an adapter beside its base with those of the merged model, on two rows of eight tokens.
 * @throws what the backend throws
 */
export async function mergeChange(
  { loaded: { model }, weights, strategies, merged }: Pick<SavedModel, 'loaded' | 'weights' | 'strategies' | 'merged'>,
  backend: Backend,
): Promise<MergeChange> {
  const plain = model.packed?.unpacked ?? model;
  const before = await probed({ model, weights }, strategies, backend);
  const after = await probed({ model: plain, weights: merged() }, [], backend);
  const largest = before.reduce((most, x, at) => Math.max(most, Math.abs(x - (after[at] ?? Number.NaN))), 0);
  return { largest, largestOutput: before.reduce((most, x) => Math.max(most, Math.abs(x)), 0) };
}

async function probed(
  model: Pick<SavedModel, 'weights'> & { readonly model: Model },
  strategy: SavedModel['strategies'],
  backend: Backend,
): Promise<readonly number[]> {
  await using learner = await Learner.open({ model, strategy, backend });
  const outputs = await learner.outputs(probeOf(model.model));
  return [...outputs.values()].flatMap(({ data }) => Array.from(data));
}

/** Tokens from all over the vocabulary, none of them padding. */
function probeOf(model: Model): Readonly<Record<string, HostTensor>> {
  const { vocab_size: size } = model.config;
  const vocabulary = typeof size === 'number' ? size : 2;
  const filled: Readonly<Record<string, (at: number) => number>> = {
    inputIds: (at) => (at * 7919 + 5) % vocabulary,
    attentionMask: () => 1,
  };
  const field = (name: string, type: TensorType): HostTensor => {
    const value = filled[name] ?? (() => 0);
    return { type, data: Int32Array.from({ length: elementCount(type.shape) }, (_, at) => value(at)) };
  };
  const types = Object.entries(model.inputs({ batch: 2, tokens: 8 }));
  return Object.fromEntries(types.map(([name, type]) => [name, field(name, type)]));
}
