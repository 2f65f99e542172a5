import type { Backend } from '@attune/ir';
import type { TokenizedDataset } from '../dataset.js';
import { Compiler } from './compiler.js';
import { DeviceTensors } from './device-tensors.js';
import { predictDataset } from './prediction.js';
import type { TrainableModel } from './trainable-model.js';

export interface PredictorOptions {
  readonly backend: Backend;
  /** Examples per batch; 32 by default. */
  readonly batchSize?: number;
}

/** A model on a device that only answers, such as a teacher. `await using`, or dispose of it at the end. */
export class Predictor implements AsyncDisposable {
  readonly #model: Pick<TrainableModel, 'model' | 'weights'>;
  readonly #batchSize: number;
  readonly #compiler: Compiler;
  readonly #tensors: DeviceTensors;
  readonly #close: () => Promise<void>;

  private constructor(
    model: Pick<TrainableModel, 'model' | 'weights'>,
    batchSize: number,
    parts: { readonly compiler: Compiler; readonly tensors: DeviceTensors; readonly close: () => Promise<void> },
  ) {
    this.#model = model;
    this.#batchSize = batchSize;
    this.#compiler = parts.compiler;
    this.#tensors = parts.tensors;
    this.#close = parts.close;
  }

  /** @throws AttuneError `E_BACKEND_UNAVAILABLE` */
  static async open(
    model: Pick<TrainableModel, 'model' | 'weights'>,
    { backend, batchSize = 32 }: PredictorOptions,
  ): Promise<Predictor> {
    const device = await backend.open();
    const tensors = new DeviceTensors(device);
    for (const [name, tensor] of model.weights) tensors.set(name, tensor);
    const compiler = new Compiler(device);
    const close = async () => {
      compiler.forget('');
      tensors[Symbol.dispose]();
      await device[Symbol.asyncDispose]();
    };
    return new Predictor(model, batchSize, { compiler, tensors, close });
  }

  /** One output of the model for each example, in the order of the data set. @throws the signal's reason */
  outputs(dataset: TokenizedDataset, output: string, signal?: AbortSignal): Promise<readonly Float32Array[]> {
    const { model, weights } = this.#model;
    const adapted = {
      model,
      weights,
      adaptation: { trainable: () => false },
      rewrites: [],
      parameters: [],
      trainable: new Set<string>(),
    };
    const context = { adapted, compiler: this.#compiler, tensors: this.#tensors, batchSize: this.#batchSize };
    return predictDataset(dataset, { ...context, ...(signal ? { signal } : {}) }, output);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}
