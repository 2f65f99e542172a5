/** The trainer's tests on the tiny model: a run of 12 steps, with accumulation, dropout, evaluation and averages. */
import { onnx } from '@attune/backend-onnx';
import { inMemory, type Storage, writeJson, writeSafetensors } from '@attune/hub';
import type { HostTensor } from '@attune/ir';
import { sequenceClassificationObjective } from '../../objectives/classification.js';
import { classificationEvaluator } from '../evaluator.js';
import type { TrainEvent } from '../events.js';
import type { TrainableModel } from '../trainable-model.js';
import { Trainer } from '../trainer.js';
import type { TrainerOptions, TrainOptions } from '../trainer-options.js';
import { CLASSES, tinyDataset, tinyExamples, tinyFull, tinyModel } from './tiny.js';

/** 12 optimizer steps in 4 epochs, each of 3 steps of up to two micro-batches. */
export function tinyTrainer(output: Storage | undefined, options: Partial<TrainerOptions> = {}): Trainer {
  return new Trainer({
    model: tinyModel(),
    objective: sequenceClassificationObjective({ classes: CLASSES }),
    train: tinyDataset(tinyExamples(11)),
    evaluation: tinyDataset(tinyExamples(7, 1)),
    evaluator: () => classificationEvaluator(['a', 'b', 'c']),
    strategy: tinyFull,
    backend: onnx({ threads: 1 }),
    ...(output ? { outputDir: output } : {}),
    learningRate: 0.05,
    numTrainEpochs: 4,
    perDeviceTrainBatchSize: 2,
    perDeviceEvalBatchSize: 4,
    gradientAccumulationSteps: 2,
    warmupSteps: 2,
    weightDecay: 0.01,
    evalStrategy: 'epoch',
    seed: 3,
    saveSteps: 4,
    ...options,
  });
}

/** The tiny model, which can be saved: every file says whose it is. */
export function savedTiny(owner: string): TrainableModel {
  return {
    ...tinyModel(),
    base: 'tiny',
    async save(target, weights) {
      await writeJson(target, 'config.json', { owner });
      await writeSafetensors(target, 'model.safetensors', inMemory(weights), { owner });
    },
    describe: (target) => writeJson(target, 'attune.json', { owner }),
  };
}

/** Runs to the end, or until `until` says so after an event. */
export async function collect(
  trainer: Trainer,
  options: TrainOptions = {},
  until: (event: TrainEvent) => boolean = () => false,
): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of trainer.train(options)) {
    events.push(event);
    if (until(event)) break;
  }
  return events;
}

export const lossesOf = (events: readonly TrainEvent[]): ReadonlyMap<number, number> =>
  new Map(events.flatMap((event) => (event.type === 'step' ? [[event.step, event.loss]] : [])));

/** Bit for bit: all numbers by name. */
export const numbersOf = (weights: ReadonlyMap<string, HostTensor>): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries([...weights].map(([name, { data }]) => [name, Array.from(data)]));
