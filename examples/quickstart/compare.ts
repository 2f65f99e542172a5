/** Trains the same data by every method and measures each on messages that none has seen. */
import { onnx } from '@attune/backend-onnx';
import { Trainer } from '@attune/core';
import type { TextDataset } from '@attune/data';
import { type Classification, type ClassificationInput, taskModel } from '@attune/models';
import { sequenceClassificationTask } from '@attune/tasks';
import type { Method } from './methods.js';

export interface Comparison {
  readonly title: string;
  /** 0 to 1, on the test part. */
  readonly accuracy: number;
  /** From the model's files to the trained model. */
  readonly seconds: number;
  readonly trainableParameters: number;
}

export interface Compared extends Comparison {
  /** The trained model, still open. */
  readonly trainer: Trainer<Classification, ClassificationInput>;
}

export interface Texts {
  readonly train: TextDataset;
  readonly test: TextDataset;
}

/** Trains by one method. The caller disposes the trainer. */
export async function trainBy(method: Method, { train, test }: Texts): Promise<Compared> {
  const start = performance.now();
  const labels = await train.labels();
  const model = await taskModel(await method.load(labels), sequenceClassificationTask, { maxLength: 64 });
  const trainer = new Trainer({
    model,
    train,
    strategy: method.strategy,
    backend: onnx(),
    learningRate: method.learningRate,
    numTrainEpochs: method.epochs,
    perDeviceTrainBatchSize: 16,
    warmupRatio: 0.1,
    weightDecay: 0.01,
    evalStrategy: 'no',
    seed: 0,
  });
  let trainableParameters = 0;
  for await (const event of trainer.train()) {
    if (event.type === 'start') ({ trainableParameters } = event);
  }
  const seconds = (performance.now() - start) / 1000;
  const { accuracy = 0 } = await trainer.evaluate(test);
  return { title: method.title, accuracy, seconds, trainableParameters, trainer };
}
