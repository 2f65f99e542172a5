import type { Model } from '@attune/core';
import type { Storage } from '@attune/hub';
import type { NamedTensor } from '@attune/hub/internal';
import type { HostTensor } from '@attune/ir';
import type { ProblemType } from '@attune/tasks';
import type { Quantization } from './quantizations.js';
import type { SaveOptions } from './save.js';

export interface LoadedModel {
  readonly model: Model;
  /** By the model's parameter names; f32 but for the parts of packed weights. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** Names of the classes, or of the numbers of a regression, in the order of the outputs; empty for other tasks. */
  readonly labels: readonly string[];
  readonly problemType: ProblemType | undefined;
  /** What logits of classes are divided by before they are probabilities; 1 if absent. */
  readonly temperature?: number;
  /** How weights were packed when they were loaded; absent if they are as the file has them. */
  readonly quantize?: Quantization;
  /** Parameters that began anew. */
  readonly created: readonly string[];
  /** What a user should know about the files, such as tensors that were left alone. */
  readonly warnings: readonly string[];
  /** Tensors of the file that the task does not read but that are saved again, by the name to save. */
  readonly carried: ReadonlyMap<string, string>;
  readonly source: Storage;
  /** The directory that it was loaded from, as adapters name their base. */
  readonly base: string;
  /**
   * sha256 of the weights that came from the file, or of all of a model without one: what an adapter that was trained on
   * them is told by.
   */
  weightsHash(): Promise<string>;
  /** `saveModel` of this model. */
  save(target: Storage, weights?: ReadonlyMap<string, HostTensor>, options?: SaveOptions): Promise<void>;
}

/**
 * Adds what every model can do to its parts.
 * @param hashed the weights that `weightsHash` is of
 */
export function withMethods(
  parts: Omit<LoadedModel, 'weightsHash' | 'save'>,
  hashed: Iterable<NamedTensor>,
): LoadedModel {
  let hash: Promise<string> | undefined;
  const loaded: LoadedModel = {
    ...parts,
    weightsHash() {
      hash ??= import('./save.js').then(({ hashTensors }) => hashTensors(hashed));
      return hash;
    },
    async save(target, weights = parts.weights, options = {}) {
      const { saveModel } = await import('./save.js');
      await saveModel(target, loaded, weights, options);
    },
  };
  return loaded;
}
