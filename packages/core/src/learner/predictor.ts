import type { TokenizedDataset } from '../dataset.js';
import { Learner } from './learner.js';
import type { LearnerModel, LearnerOptions } from './learner-options.js';
import { predictDataset } from './prediction.js';

export interface PredictorOptions extends Pick<LearnerOptions, 'backend' | 'strategy'> {
  /** Examples per batch; 32 by default. */
  readonly batchSize?: number;
}

/** A model on a device that only answers, such as a teacher. `await using`, or dispose of it at the end. */
export class Predictor implements AsyncDisposable {
  readonly #learner: Learner;
  readonly #batchSize: number;

  private constructor(learner: Learner, batchSize: number) {
    this.#learner = learner;
    this.#batchSize = batchSize;
  }

  /** @throws AttuneError `E_BACKEND_UNAVAILABLE`, and as the strategies' `adapt` */
  static async open(model: LearnerModel, { batchSize = 32, ...options }: PredictorOptions): Promise<Predictor> {
    return new Predictor(await Learner.open({ model, ...options }), batchSize);
  }

  /** One output of the model for each example, in the order of the data set. @throws the signal's reason */
  outputs(dataset: TokenizedDataset, output: string, signal?: AbortSignal): Promise<readonly Float32Array[]> {
    return predictDataset(dataset, this.#learner.context({ batchSize: this.#batchSize, signal }), output);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#learner[Symbol.asyncDispose]();
  }
}
