/** What the frozen part of a model makes of each example, computed once and kept on the host. */
import { byteLength, elementCount, type HostTensor, zeros } from '@attune/ir';
import type { Batch, TokenizedDataset } from '../dataset.js';
import type { HostBatch, Objective } from '../objective.js';
import { eliminateDeadCode } from '../passes/dead-code.js';
import { batchInput, KEY_INPUT } from '../port-names.js';
import type { Traced } from '../trace.js';
import type { AdaptedModel } from './adapted-model.js';
import { shapesOf } from './batch-types.js';
import type { Compiler } from './compiler.js';
import type { DeviceTensors } from './device-tensors.js';
import { type FrozenPrefix, splitFrozenPrefix } from './frozen-prefix.js';
import { traceTrainingLoss } from './trace-training-loss.js';

/** Data that are gone through more than once. */
export interface FeatureData {
  readonly train: TokenizedDataset;
  readonly batchSize: number;
  readonly seed: number;
  /** The features of all examples must fit into this. */
  readonly maxBytes: number;
}

export interface FeatureCacheOptions extends FeatureData {
  readonly adapted: AdaptedModel;
  readonly objective: Objective;
  readonly compiler: Compiler;
  readonly tensors: DeviceTensors;
}

/** A batch with its features, and the loss program that takes them. */
export interface FeatureBatch {
  readonly traced: Traced;
  readonly features: ReadonlyMap<string, HostTensor>;
}

type ExampleBatch = Pick<Batch, 'tensors' | 'indices'>;

interface Split extends FrozenPrefix {
  readonly traced: Traced;
}

/** The prefix must do at least this share of the forward pass to be worth its memory. */
const WORTHWHILE_SHARE = 0.5;

/**
 * Features by example. An example's features come from its batch of epoch 0, whichever batch asks for them: so they do
 * not depend on what ran before, and a resumed run has the same ones.
 */
export class FeatureCache {
  readonly #options: FeatureCacheOptions;
  readonly #splits: Map<string, Split>;
  readonly #sources: readonly (() => Batch)[];
  /** The number of the batch of epoch 0 that holds an example. */
  readonly #sourceOf: Uint32Array;
  readonly #rows: (readonly HostTensor['data'][] | undefined)[];

  private constructor(options: FeatureCacheOptions, sources: readonly (() => Batch)[], splits: Map<string, Split>) {
    this.#options = options;
    this.#sources = sources;
    this.#splits = splits;
    this.#sourceOf = new Uint32Array(options.train.length);
    this.#rows = new Array(options.train.length);
    for (const [number, make] of sources.entries()) for (const index of make().indices) this.#sourceOf[index] = number;
  }

  /** Undefined where the model, the data or the memory do not allow it, or where it would save little. */
  static create(options: FeatureCacheOptions): FeatureCache | undefined {
    const { train, batchSize, seed, maxBytes } = options;
    if (train.varies || (train.textsPerExample ?? 1) > 1) return undefined;
    const sources = train.batches({ batchSize, shuffle: { seed, epoch: 0 } });
    const splits = new Map<string, Split>();
    let bytes = 0;
    for (const make of sources) {
      const { tensors, indices } = make();
      const key = shapesOf(tensors);
      const split = splits.get(key) ?? splitOf(tensors, options);
      if (!split || split.share < WORTHWHILE_SHARE) return undefined;
      splits.set(key, split);
      const perBatch = split.features.reduce((sum, { type }) => sum + byteLength(type), 0);
      bytes += (perBatch / rowsOf(tensors)) * indices.length;
      if (bytes > maxBytes) return undefined;
    }
    return new FeatureCache(options, sources, splits);
  }

  /** The batch's features; undefined for a batch whose shapes cannot be split. */
  async lookUp(batch: ExampleBatch): Promise<FeatureBatch | undefined> {
    const split = this.#splitFor(batch.tensors);
    if (!split) return undefined;
    for (const index of batch.indices)
      if (!this.#rows[index]) await this.#compute(this.#sources[this.#sourceOf[index]!]!());
    return { traced: split.traced, features: this.#gather(batch, split) ?? (await this.#run(batch, split)) };
  }

  #splitFor(tensors: HostBatch): Split | undefined {
    const key = shapesOf(tensors);
    const split = this.#splits.get(key) ?? splitOf(tensors, this.#options);
    if (split) this.#splits.set(key, split);
    return split;
  }

  async #compute(source: ExampleBatch): Promise<void> {
    const split = this.#splitFor(source.tensors)!;
    const features = await this.#run(source, split);
    const count = rowsOf(source.tensors);
    for (const [row, index] of source.indices.entries()) {
      this.#rows[index] = split.features.map(({ name }) => {
        const { data } = features.get(name)!;
        const width = data.length / count;
        return data.slice(row * width, (row + 1) * width);
      });
    }
  }

  async #run({ tensors: fields }: ExampleBatch, { prefix }: Split): Promise<ReadonlyMap<string, HostTensor>> {
    const { compiler, tensors } = this.#options;
    const program = await compiler.compile(`features/${shapesOf(fields)}`, () => prefix);
    return tensors.run(program, new Map(Object.entries(fields).map(([name, tensor]) => [batchInput(name), tensor])));
  }

  /** Rows that only fill up the batch stay zero. Undefined where an example's features have another shape here. */
  #gather({ tensors, indices }: ExampleBatch, { features }: Split): ReadonlyMap<string, HostTensor> | undefined {
    const gathered = new Map<string, HostTensor>();
    for (const [position, { name, type }] of features.entries()) {
      const tensor = zeros(type);
      const width = elementCount(type.shape) / rowsOf(tensors);
      for (const [row, index] of indices.entries()) {
        const data = this.#rows[index]![position]!;
        if (data.length !== width) return undefined;
        tensor.data.set(data, row * width);
      }
      gathered.set(name, tensor);
    }
    return gathered;
  }
}

const rowsOf = (tensors: HostBatch): number => Object.values(tensors)[0]?.type.shape[0] ?? 0;

function splitOf(tensors: HostBatch, { adapted, objective, compiler }: FeatureCacheOptions): Split | undefined {
  const { program, parameters } = traceTrainingLoss(adapted, objective, tensors, compiler.capabilities);
  const { mixedNames = [] } = objective;
  const own = Object.keys(tensors).filter((name) => !mixedNames.includes(name));
  const fields = new Set(own.map(batchInput));
  const frozen = new Set(parameters.map(({ name }) => name).filter((name) => !adapted.changing.has(name)));
  const split = splitFrozenPrefix(eliminateDeadCode(program), {
    batchSize: rowsOf(tensors),
    isBatch: (name) => fields.has(name),
    changes: (name) => name === KEY_INPUT || (!fields.has(name) && !frozen.has(name)),
  });
  return split && { ...split, traced: { program: split.suffix, parameters } };
}
