/** T27: the device lacks memory for a step. */
import { onnx } from '@attune/backend-onnx';
import { MemoryStorage } from '@attune/hub';
import { describe, expect, test } from 'vitest';
import type { TrainEvent } from './events.js';
import { scarceBackend } from './testing/scarce-backend.js';
import { tinyHead, tinyModel } from './testing/tiny.js';
import { collect, lossesOf, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';
import type { TrainerOptions } from './trainer-options.js';

/** 6 steps of 8 examples in 2 micro-batches; the device has memory for so many rows. */
const withRows = (rows: number, options: Partial<TrainerOptions> = {}): Partial<TrainerOptions> => ({
  backend: scarceBackend(onnx({ threads: 1 }), rows),
  perDeviceTrainBatchSize: 4,
  perDeviceEvalBatchSize: 1,
  maxSteps: 6,
  evalStrategy: 'no',
  saveSteps: 2,
  autoFindBatchSize: true,
  ...options,
});

const warningsOf = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

async function run(output: MemoryStorage, options: Partial<TrainerOptions>, stop = 0) {
  await using trainer = tinyTrainer(output, options);
  const controller = new AbortController();
  const events: TrainEvent[] = [];
  for await (const event of trainer.train({ resume: true, signal: controller.signal })) {
    events.push(event);
    if (event.type === 'step' && event.step === stop) controller.abort();
  }
  return { events, weights: numbersOf(await trainer.weights()) };
}

describe('T27 device-lost-oom: autoFindBatchSize', () => {
  test('halves the micro-batch until it fits; each step has the examples and, without dropout, the loss of before', async () => {
    const options = { model: tinyModel(0) };
    const whole = await run(new MemoryStorage(), withRows(4, options));
    const halved = await run(new MemoryStorage(), withRows(1, options));
    expect(warningsOf(whole.events)).toEqual([]);
    expect(warningsOf(halved.events)).toEqual([
      'There is no memory for 4 rows. The run goes on from its last checkpoint with micro-batches of 2 and gradientAccumulationSteps 4, so that a step still has 8 examples.',
      'There is no memory for 2 rows. The run goes on from its last checkpoint with micro-batches of 1 and gradientAccumulationSteps 8, so that a step still has 8 examples.',
    ]);
    const examples = (events: readonly TrainEvent[]) =>
      events.flatMap((event) => (event.type === 'step' ? [[event.step, event.examples, event.tokens]] : []));
    expect(examples(halved.events)).toEqual(examples(whole.events));
    const losses = [...lossesOf(whole.events)];
    expect(losses).toHaveLength(6);
    for (const [step, loss] of losses) expect(lossesOf(halved.events).get(step)).toBeCloseTo(loss, 5);
  });

  test('goes from 6 rows over 3 to 1', async () => {
    const { events } = await run(new MemoryStorage(), withRows(1, { perDeviceTrainBatchSize: 6 }));
    expect(warningsOf(events).map((message) => /micro-batches of (\d+)/.exec(message)?.[1])).toEqual(['3', '1']);
    expect(events.at(-1)).toMatchObject({ reason: 'completed' });
  });

  test.each([1, 3, 4])(
    'stopped after step %i and resumed, it ends with the same weights, bit for bit',
    async (stop) => {
      const whole = await run(new MemoryStorage(), withRows(2));
      const output = new MemoryStorage();
      await run(output, withRows(2), stop);
      // Also on a device with more memory: micro-batches decide over masks and sums.
      const resumed = await run(output, withRows(4));
      expect(warningsOf(resumed.events)).toEqual([]);
      expect(resumed.weights).toEqual(whole.weights);
    },
  );

  test('a part that is frozen is computed in the smaller batches too', async () => {
    const frozen = { strategy: tinyHead, model: tinyModel(0), numTrainEpochs: 4, maxSteps: 4 };
    const { events } = await run(new MemoryStorage(), withRows(2, frozen));
    expect(warningsOf(events)).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ reason: 'completed' });
  });

  test('ends with an error that says so if a single row does not fit', async () => {
    await using trainer = tinyTrainer(new MemoryStorage(), withRows(0));
    await expect(collect(trainer)).rejects.toMatchObject({
      code: 'E_DEVICE_MEMORY',
      message: 'There is no memory for 1 rows. A micro-batch of one row does not fit either.',
      hint: expect.stringContaining('shorter texts'),
    });
  });

  test('does not change a run without the option, nor one whose evaluation does not fit', async () => {
    const evaluated = { evalStrategy: 'steps', evalSteps: 1, perDeviceEvalBatchSize: 7 } as const;
    for (const options of [withRows(2, { autoFindBatchSize: false }), withRows(4, evaluated)]) {
      await using trainer = tinyTrainer(undefined, options);
      const starts: TrainEvent[] = [];
      const ended = collect(trainer, {}, (event) => event.type === 'start' && starts.push(event) > 1);
      await expect(ended).rejects.toMatchObject({ code: 'E_DEVICE_MEMORY' });
      expect(starts).toHaveLength(1);
    }
  });
});
