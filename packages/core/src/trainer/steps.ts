/** Which batches belong to which optimizer step: a function of the data set, the arguments and the step's number. */
import type { Batch, TokenizedDataset } from '../dataset.js';
import type { StepBatch } from '../learner/training-programs.js';
import { partsOf } from './batch-parts.js';
import type { TrainingArguments } from './training-arguments.js';

export interface StepBatches {
  readonly batches: readonly Batch[];
  /** The same rows, as the device takes them. */
  readonly microBatches: readonly StepBatch[];
  /** Epochs done after the step, with a fraction. */
  readonly epoch: number;
}

export class StepPlan {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Micro-batches that each batch of the data set is cut into. */
  readonly parts: number;
  readonly #dataset: TokenizedDataset;
  readonly #arguments: TrainingArguments;
  #epoch: { readonly number: number; readonly batches: readonly (() => Batch)[] } | undefined;

  constructor(dataset: TokenizedDataset, options: TrainingArguments, parts = 1) {
    this.#dataset = dataset;
    this.#arguments = options;
    this.parts = parts;
    this.stepsPerEpoch = Math.ceil(this.#batchesOf(0).length / options.gradientAccumulationSteps);
    this.steps = options.maxSteps ?? Math.ceil(this.stepsPerEpoch * options.numTrainEpochs);
  }

  /** The same steps in micro-batches of other sizes. */
  withParts(parts: number): StepPlan {
    return new StepPlan(this.#dataset, this.#arguments, parts);
  }

  /** What a step, counted from 0, is made of. */
  at(step: number): StepBatches {
    const { gradientAccumulationSteps } = this.#arguments;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    const within = step % this.stepsPerEpoch;
    const first = within * gradientAccumulationSteps;
    const batches = this.#batchesOf(epoch)
      .slice(first, first + gradientAccumulationSteps)
      .map((make) => make());
    return {
      batches,
      microBatches: batches.flatMap((batch) => partsOf(batch, this.parts, this.#dataset.textsPerExample)),
      epoch: epoch + (within + 1) / this.stepsPerEpoch,
    };
  }

  /** Whether an epoch is over after so many steps. */
  endsEpoch(done: number): boolean {
    return done % this.stepsPerEpoch === 0;
  }

  #batchesOf(number: number): readonly (() => Batch)[] {
    if (this.#epoch?.number !== number) {
      const { perDeviceTrainBatchSize: batchSize, seed } = this.#arguments;
      this.#epoch = { number, batches: this.#dataset.batches({ batchSize, shuffle: { seed, epoch: number } }) };
    }
    return this.#epoch.batches;
  }
}
