import { MemoryStorage, openSafetensors } from '@attune/hub';
import { broadcast, cast, type HostTensor, hostTensor, mul, reduceSum } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { discoverCheckpoint } from '../checkpoint/load.js';
import { checkpointSteps } from '../checkpoint/names.js';
import type { TokenizedDataset } from '../dataset.js';
import type { Model } from '../model.js';
import type { TrainEvent } from './events.js';
import { tinyDataset, tinyExamples, tinyModel } from './testing/tiny.js';
import { collect, tinyTrainer } from './testing/tiny-trainer.js';

/** A tensor with one number replaced. */
function spoiled({ type, data }: HostTensor, index: number, number: number): HostTensor {
  const copy = data.slice();
  copy[index] = number;
  return hostTensor(type.shape, copy, type.dtype);
}

const withFactor =
  (forward: Model['forward']): Model['forward'] =>
  (scope, inputs) => {
    const { logits } = forward(scope, inputs);
    const factor = reduceSum(cast(inputs.factor!, 'f32'), [1]);
    return { logits: mul(logits!, broadcast(factor, logits!.type.shape, [0])) };
  };

describe('T26: numbers that are not finite', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d in the weights is found at load', (number) => {
    const { model, weights } = tinyModel();
    const bad = new Map(weights).set('encoder.weight', spoiled(weights.get('encoder.weight')!, 17, number));
    expect(() => tinyTrainer(undefined, { model: { model, weights: bad } })).toThrow(
      expect.objectContaining({ code: 'E_NONFINITE', field: 'encoder.weight' }),
    );
  });

  test('a learning rate that blows up: the step, its rows, and no checkpoint of it', async () => {
    const output = new MemoryStorage();
    const trainer = tinyTrainer(output, {
      learningRate: 1e38,
      optim: 'sgd',
      maxGradNorm: 0,
      saveSteps: 1,
      warmupSteps: 0,
    });
    const events: TrainEvent[] = [];
    const run = async () => {
      for await (const event of trainer.train()) events.push(event);
    };
    const error = await run().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'E_NONFINITE' });
    await expect(trainer.weights()).rejects.toBe(error);
    await expect(trainer.evaluate(tinyDataset(tinyExamples(4)))).rejects.toBe(error);
    expect(events.at(-1)?.type).not.toBe('end');
    for (const step of await checkpointSteps(output)) {
      const source = await openSafetensors(output, `checkpoint-${step}/trainable.safetensors`);
      for (const name of source.names) expect((await source.read(name)).data.every(Number.isFinite)).toBe(true);
    }
    expect((await output.list('')).filter(({ name }) => name.startsWith('.tmp'))).toEqual([]);
  });

  test('NaN in a batch at step 6: named with its rows, the log shows it, checkpoint 4 stays and is finite', async () => {
    const output = new MemoryStorage();
    const plain = tinyDataset(tinyExamples(11));
    const weighted = (spoil: boolean): TokenizedDataset => ({
      ...plain,
      batches: (options) =>
        plain.batches(options).map((make, index) => () => {
          const batch = make();
          const isBad = spoil && options.shuffle?.epoch === 1 && index === 4;
          const factor = hostTensor([2, 1], [1, isBad ? Number.NaN : 1]);
          return { ...batch, tensors: { ...batch.tensors, factor } };
        }),
    });
    const { model, weights } = tinyModel();
    const scaled = {
      weights,
      model: { ...model, inputNames: ['inputIds', 'factor'], forward: withFactor(model.forward) },
    };
    const options = { train: weighted(true), model: scaled, evalStrategy: 'no' } as const;
    const trainer = tinyTrainer(output, options);
    const events: TrainEvent[] = [];
    const run = async () => {
      for await (const event of trainer.train()) events.push(event);
    };
    await expect(run()).rejects.toMatchObject({
      code: 'E_NONFINITE',
      field: 'batch/factor[1]',
      message: expect.stringMatching(/^Step 6 .*batch\/factor\[1\]\. The rows were \d/),
    });
    expect(events.findLast((event) => event.type === 'step')).toMatchObject({ step: 6, loss: Number.NaN });
    const { found } = await discoverCheckpoint(output);
    expect(found?.path).toBe('checkpoint-4');
    const mended = tinyTrainer(output, { ...options, train: weighted(false) });
    expect((await collect(mended, { resume: true })).at(-1)).toMatchObject({ reason: 'completed', step: 12 });
  });
});
