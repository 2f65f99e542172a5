import type { TokenizedDataset } from '@attune/core';
import { Compiler, DeviceTensors, predictDataset } from '@attune/core';
import { loadTokenizer, type Tokenizer } from '@attune/hub';
import type { Backend } from '@attune/ir';
import { type OpenedModel, openModel } from '../model-directory.js';

/** A trained classifier, ready to answer. */
export interface Classifier {
  readonly labels: readonly string[];
  readonly tokenizer: Tokenizer;
  readonly opened: OpenedModel;
  /** Probabilities of the labels for each example, in the order of the data set. */
  probabilities(dataset: TokenizedDataset, batchSize: number): Promise<readonly Float32Array[]>;
}

/** Opens a model or adapter as a classifier on a device, and closes the device when `use` is done. */
export async function withClassifier<T>(
  path: string,
  backend: Backend,
  use: (classifier: Classifier) => Promise<T>,
): Promise<T> {
  const opened = await openModel(path, { task: 'sequence-classification' });
  const { loaded, rewrites, weights } = opened;
  const tokenizer = await loadTokenizer(opened.base);
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
  return await use({
    labels: loaded.labels,
    tokenizer,
    opened,
    async probabilities(dataset, batchSize) {
      const logits = await predictDataset(dataset, { adapted, compiler, tensors, batchSize }, 'logits');
      return logits.map(softmaxOf);
    },
  });
}

function softmaxOf(logits: Float32Array): Float32Array {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
