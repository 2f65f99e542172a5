/** A student learns what a teacher says, which its data set puts into the batches. */
import { onnx } from '@attune/backend-onnx';
import { type HostTensor, hostTensor, interpret } from '@attune/ir';
import { expect, test } from 'vitest';
import type { TokenizedDataset } from '../dataset.js';
import { logitDistillation } from '../objectives/logit-distillation.js';
import { traceForward } from '../trace.js';
import { CLASSES, tinyDataset, tinyExamples, tinyFull, tinyModel } from './testing/tiny.js';
import { collect, lossesOf } from './testing/tiny-trainer.js';
import type { TrainableModel } from './trainable-model.js';
import { Trainer } from './trainer.js';

/** The tiny model with other weights. */
function tinyTeacher(): TrainableModel {
  const { model, weights } = tinyModel(0);
  const turned = ([name, { type, data }]: readonly [string, HostTensor]) =>
    [name, hostTensor(type.shape, Float32Array.from(data).reverse())] as const;
  return { model, weights: new Map([...weights].map(turned)) };
}

/** The data set with the teacher's logits in every batch. */
function taught(dataset: TokenizedDataset, { model, weights }: TrainableModel): TokenizedDataset {
  const logits = (inputIds: HostTensor): HostTensor => {
    const { program } = traceForward({ model, batch: { inputIds: inputIds.type } });
    const inputs = program.inputs.map(({ name }) => weights.get(name) ?? inputIds);
    return interpret(program, inputs)[0]!;
  };
  return {
    ...dataset,
    batches: (options) =>
      dataset.batches(options).map((make) => () => {
        const batch = make();
        return { ...batch, tensors: { ...batch.tensors, teacherLogits: logits(batch.tensors.inputIds!) } };
      }),
  };
}

test('the student comes to answer as the teacher does', async () => {
  const train = taught(tinyDataset(tinyExamples(24)), tinyTeacher());
  await using trainer = new Trainer({
    model: tinyModel(0),
    objective: logitDistillation({ classes: CLASSES, softWeight: 1 }),
    train,
    strategy: tinyFull,
    backend: onnx({ threads: 1 }),
    learningRate: 0.05,
    numTrainEpochs: 15,
    perDeviceTrainBatchSize: 4,
    gradientAccumulationSteps: 2,
  });
  const losses = [...lossesOf(await collect(trainer)).values()];
  expect((await trainer.evaluate(train)).loss).toBeLessThan(0.1 * losses[0]!);
});
