import { MemoryStorage, openSafetensors } from '@attune/hub';
import {
  AttuneError,
  abs,
  add,
  broadcast,
  cast,
  exp,
  type HostTensor,
  hostTensor,
  mul,
  reduceSum,
  sqrt,
  sub,
  tensorType,
  type Value,
} from '@attune/ir';
import { describe, expect, test, vi } from 'vitest';
import { discoverCheckpoint } from '../checkpoint/load.js';
import { checkpointSteps } from '../checkpoint/names.js';
import type { TokenizedDataset } from '../dataset.js';
import { type Model, tokenFields } from '../model.js';
import type { TrainEvent } from './events.js';
import { CLASSES, tinyDataset, tinyExamples, tinyModel } from './testing/tiny.js';
import { collect, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';
import type { TrainableModel } from './trainable-model.js';
import type { Trainer } from './trainer.js';
import type { TrainerOptions } from './trainer-options.js';

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

const factorFields: Model['inputs'] = (shape) => ({
  ...tokenFields('inputIds')(shape),
  factor: tensorType([shape.batch, 1]),
});

/** Runs to the error. */
async function failing(
  trainer: Trainer,
): Promise<{ readonly error: AttuneError; readonly events: readonly TrainEvent[] }> {
  const events: TrainEvent[] = [];
  try {
    for await (const event of trainer.train()) events.push(event);
  } catch (error) {
    if (error instanceof AttuneError) return { error, events };
    throw error;
  }
  throw new Error('training did not fail');
}

/** A model whose loss, or the gradient of `extra` alone, is not finite where the batch's field `bad` is 1. */
function withCause(cause: 'loss' | 'gradient'): TrainableModel {
  const { model, weights } = tinyModel();
  const forward: Model['forward'] = (scope, inputs) => {
    const logits = model.forward(scope, inputs).logits!;
    const bad = reduceSum(cast(inputs.bad!, 'f32'), [1]);
    const each = (value: Value) => broadcast(value, logits.type.shape, [0]);
    if (cause === 'loss') return { logits: mul(logits, each(exp(mul(bad, 1000)))) };
    const extra = scope.parameter('extra', [CLASSES]);
    const good = each(sub(1, bad));
    return { logits: add(logits, sqrt(mul(add(abs(broadcast(extra, logits.type.shape, [1])), 1), good))) };
  };
  const extra = hostTensor([CLASSES], new Array(CLASSES).fill(1));
  return {
    weights: cause === 'gradient' ? new Map([...weights, ['extra', extra]]) : weights,
    model: { ...model, inputs: tokenFields('inputIds', 'bad'), forward },
  };
}

/** The tiny data with a field `bad`, which is 1 in one batch of the second epoch. */
function withBadBatch(isBad: boolean): TokenizedDataset {
  const plain = tinyDataset(tinyExamples(11));
  return {
    ...plain,
    batches: (options) =>
      plain.batches(options).map((make, index) => () => {
        const batch = make();
        const bad = isBad && options.shuffle?.epoch === 1 && index === 4 ? 1 : 0;
        const rows = batch.tensors.labels!.data.length;
        const column = hostTensor([rows, 1], new Int32Array(rows).fill(bad), 'i32');
        return { ...batch, tensors: { ...batch.tensors, bad: column } };
      }),
  };
}

describe('T26: numbers that are not finite', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d in the weights is found at load', (number) => {
    const { model, weights } = tinyModel();
    const bad = new Map(weights).set('encoder.weight', spoiled(weights.get('encoder.weight')!, 17, number));
    expect(() => tinyTrainer(undefined, { model: { model, weights: bad } })).toThrow(
      expect.objectContaining({ code: 'E_NONFINITE', field: 'encoder.weight' }),
    );
  });

  test.each([
    ['sgd', 1e38],
    ['sgd', 1e10],
    ['adamw', 1e38],
  ] as const)(
    'a learning rate that blows up %s (%d): the step, its rows, sound weights',
    async (optim, learningRate) => {
      const output = new MemoryStorage();
      const trainer = tinyTrainer(output, { learningRate, optim, maxGradNorm: 0, saveSteps: 1, warmupSteps: 0 });
      const { error, events } = await failing(trainer);
      expect(error).toMatchObject({ code: 'E_NONFINITE', message: expect.stringMatching(/^Step \d+ .* rows were \d/) });
      expect(events.at(-1)?.type).not.toBe('end');
      await expect(trainer.evaluate(tinyDataset(tinyExamples(4)))).rejects.toBe(error);
      const weights = await trainer.weights();
      for (const { data } of weights.values()) expect(data.every(Number.isFinite)).toBe(true);
      for (const step of await checkpointSteps(output)) {
        for (const file of ['trainable', 'optimizer']) {
          const source = await openSafetensors(output, `checkpoint-${step}/${file}.safetensors`);
          for (const name of source.names) expect((await source.read(name)).data.every(Number.isFinite)).toBe(true);
        }
      }
      expect((await output.list('')).filter(({ name }) => name.startsWith('.tmp'))).toEqual([]);
    },
  );

  const cases: Readonly<Record<string, { readonly options: Partial<TrainerOptions>; readonly saveSteps: number }>> = {
    'from a checkpoint': { options: {}, saveSteps: 4 },
    'from the start': { options: {}, saveSteps: 100 },
    'without accumulation': { options: { gradientAccumulationSteps: 1 }, saveSteps: 4 },
    'with averages and a plateau schedule': {
      options: {
        emaDecay: 0.9,
        lrSchedulerType: 'reduce_lr_on_plateau',
        lrSchedulerKwargs: { patience: 0, factor: 0.5, threshold: 1 },
        warmupSteps: 0,
        evaluation: withBadBatch(false),
        evalStrategy: 'epoch',
      },
      saveSteps: 2,
    },
  };

  test.each(Object.entries(cases))('the state is the one from before the step, bit for bit: %s', async (_, given) => {
    const { options, saveSteps } = given;
    const own = { evalStrategy: 'no', ...options, saveSteps, model: withCause('gradient') } as const;
    const output = new MemoryStorage();
    const broken = tinyTrainer(output, { ...own, train: withBadBatch(true) });
    const { error } = await failing(broken);
    expect(error).toMatchObject({
      field: 'the gradient of extra[0]',
      message: expect.stringMatching(/^Step \d+ gave a loss of \d/),
    });
    const step = Number(/^Step (\d+)/.exec(String(error.message))![1]) - 1;
    const { found } = await discoverCheckpoint(output);
    expect(found?.path).toBe(`checkpoint-${step}`);

    const sound = new MemoryStorage();
    await using whole = tinyTrainer(sound, { ...own, train: withBadBatch(false), saveSteps: 1, saveTotalLimit: 99 });
    let expected: ReadonlyMap<string, HostTensor> | undefined;
    for await (const event of whole.train()) {
      if (event.type === 'checkpoint' && event.step === step) expected = await whole.weights();
    }
    expect(numbersOf(await broken.weights())).toEqual(numbersOf(expected!));
    for (const file of ['trainable', 'optimizer'])
      expect(await output.read(`checkpoint-${step}/${file}.safetensors`)).toEqual(
        await sound.read(`checkpoint-${step}/${file}.safetensors`),
      );
  });

  test('a loss that is not finite is named, and the model from before it can be saved', async () => {
    const save = vi.fn(async () => {});
    const output = new MemoryStorage();
    const trainer = tinyTrainer(output, {
      model: { ...withCause('loss'), save },
      train: withBadBatch(true),
      evalStrategy: 'no',
    });
    const { error } = await failing(trainer);
    expect(error).toMatchObject({ code: 'E_NONFINITE', field: 'loss' });
    await trainer.save();
    expect(save).toHaveBeenCalledWith(expect.anything(), await trainer.weights());
  });

  test('NaN in a batch at step 6: named with its rows, the log shows it, checkpoint 4 stays, and 5 is the state before it', async () => {
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
      model: { ...model, inputs: factorFields, forward: withFactor(model.forward) },
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
    expect(found?.path).toBe('checkpoint-5');
    expect(await checkpointSteps(output)).toEqual([4, 5]);
    const mended = tinyTrainer(output, { ...options, train: weighted(false) });
    expect((await collect(mended, { resume: true })).at(-1)).toMatchObject({ reason: 'completed', step: 12 });
  });
});
