import { onnx } from '@attune/backend-onnx';
import { MemoryStorage, type Storage } from '@attune/hub';
import { type HostTensor, hostTensor } from '@attune/ir';
import { beforeAll, describe, expect, test } from 'vitest';
import { verifyCheckpoint } from '../checkpoint/manifest.js';
import type { Batch } from '../dataset.js';
import { Learner } from '../learner/learner.js';
import type { LearnerOptions } from '../learner/learner-options.js';
import { partsOf } from './batch-parts.js';
import { tinyFull } from './testing/tiny.js';
import { streamObjective, tinyRecurrent, tinyStream } from './testing/tiny-stream.js';
import { collect, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';
import type { TrainerOptions } from './trainer-options.js';

const backend = onnx({ threads: 1 });
const stream = tinyStream();
const batches = stream.batches({ batchSize: 4, shuffle: { seed: 3, epoch: 0 } }).map((make) => make());

const open = (options: Partial<LearnerOptions> = {}) =>
  Learner.open({ model: tinyRecurrent(), strategy: tinyFull, backend, learningRate: 0.02, ...options });

const lossesFor = async (learner: Learner, given: readonly Batch[]) => {
  const losses: number[] = [];
  for (const batch of given) losses.push((await learner.step([batch])).loss);
  return losses;
};

/** Batches as one, row by row. */
function joined(given: readonly Batch[]): Batch {
  const rowsOf = ({ type, data }: HostTensor) => {
    const [rows, width] = type.shape as [number, number];
    return Array.from({ length: rows }, (_, row) => Array.from(data.slice(row * width, (row + 1) * width)));
  };
  const along = (parts: readonly HostTensor[]) => {
    const rows = rowsOf(parts[0]!).map((_, row) => parts.flatMap((part) => rowsOf(part)[row]!));
    return hostTensor([rows.length, rows[0]!.length], rows.flat(), 'i32');
  };
  const inputIds = along(given.map(({ tensors }) => tensors.inputIds!));
  const labels = given.map(({ tensors }, index) => {
    const [rows, width] = tensors.labels!.type.shape as [number, number];
    if (index === given.length - 1) return tensors.labels!;
    return hostTensor(
      [rows, width - 1],
      rowsOf(tensors.labels!).flatMap((row) => row.slice(0, -1)),
      'i32',
    );
  });
  return { ...given[0]!, tensors: { inputIds, labels: along(labels) } };
}

describe('a state that goes on from batch to batch', () => {
  test('gives what one long batch gives, forward', async () => {
    await using learner = await open();
    const whole = await learner.loss([joined(batches)]);
    expect((await learner.loss(batches)).loss).toBeCloseTo(whole.loss, 5);
    const alone = await learner.loss(batches.map((batch) => ({ ...batch, continues: false })));
    expect(Math.abs(alone.loss - whole.loss)).toBeGreaterThan(1e-3);
  });

  test('is that of training only: losses and gradients between steps leave it alone', async () => {
    await using learner = await open();
    const expected = await lossesFor(learner, batches);
    await using other = await open();
    const losses: number[] = [];
    for (const batch of batches) {
      await other.loss(batches);
      await other.outputs(batch.tensors);
      const before = await other.state();
      const gradients = await other.gradients([batch]);
      expect(await other.gradients([batch])).toEqual(gradients);
      expect(numbersOf(await other.state())).toEqual(numbersOf(before));
      losses.push((await other.step([batch])).loss);
    }
    expect(losses).toEqual(expected);
  });

  test('is in the state of a learner, and another learner goes on from it', async () => {
    await using learner = await open();
    await lossesFor(learner, batches.slice(0, 2));
    const state = await learner.state();
    expect(state.get('carried/hidden')!.type.shape).toEqual([4, 8]);
    const expected = await lossesFor(learner, batches.slice(2));
    await using other = await open();
    other.restore(state, 2);
    expect(numbersOf(await other.state())).toEqual(numbersOf(state));
    expect(await lossesFor(other, batches.slice(2))).toEqual(expected);
    learner.reset();
    expect([...(await learner.state()).keys()]).not.toContain('carried/hidden');
  });

  test('is one of all rows, whatever the parts that a batch is cut into', async () => {
    const model = tinyRecurrent(0);
    await using whole = await open({ model });
    await using halves = await open({ model });
    for (const [step, batch] of batches.entries()) {
      const { loss } = await whole.step([batch]);
      expect((await halves.step(partsOf(batch, 2))).loss).toBeCloseTo(loss, 5);
      const [one, other] = [await whole.state(), await halves.state()];
      expect(other.get('carried/cell')!.type).toEqual(one.get('carried/cell')!.type);
      for (const [index, x] of one.get('carried/cell')!.data.entries())
        expect(other.get('carried/cell')!.data[index]).toBeCloseTo(x, 4);
      halves.restore(one, step + 1);
    }
  });

  test('is refused where there is none, or one of other rows', async () => {
    await using learner = await open();
    const problem = { code: 'E_DATA', field: 'hidden' };
    await expect(learner.step([batches[1]!])).rejects.toMatchObject(problem);
    await learner.step([batches[0]!]);
    const [half] = partsOf(batches[1]!, 2);
    await expect(learner.step([{ ...half!, part: 0 }])).rejects.toMatchObject(problem);
  });
});

const streamTrainer = (output: Storage | undefined, options: Partial<TrainerOptions> = {}) =>
  tinyTrainer(output, {
    model: tinyRecurrent(),
    objective: streamObjective,
    train: stream,
    evaluation: tinyStream(6, 1),
    evaluator: undefined,
    learningRate: 0.02,
    numTrainEpochs: 3,
    perDeviceTrainBatchSize: 4,
    perDeviceEvalBatchSize: 3,
    saveSteps: 2,
    evalStrategy: 'steps',
    evalSteps: 1,
    ...options,
  });

async function train(output: Storage | undefined, options: Partial<TrainerOptions>, stop = 0, resume = false) {
  await using trainer = streamTrainer(output, options);
  const controller = new AbortController();
  const losses = new Map<number, number>();
  for await (const event of trainer.train({ signal: controller.signal, resume })) {
    if (event.type !== 'step') continue;
    losses.set(event.step, event.loss);
    if (event.step === stop) controller.abort(new Error('enough'));
  }
  return { losses, weights: numbersOf(await trainer.weights()) };
}

const filesOf = async (output: Storage, path: string) => {
  const verdict = await verifyCheckpoint(output, path);
  return verdict.valid ? verdict.manifest.files : verdict.problem;
};

const STEPS = 9;
const cases: Readonly<Record<string, Partial<TrainerOptions>>> = {
  'one batch a step': { gradientAccumulationSteps: 1, maxSteps: STEPS, emaDecay: 0.9 },
  'two batches a step': { gradientAccumulationSteps: 2, maxSteps: STEPS },
};

describe.each(Object.entries(cases))('a run over a stream, %s', (_, options) => {
  const whole = new MemoryStorage();
  let expected: Awaited<ReturnType<typeof train>>;

  beforeAll(async () => {
    expected = await train(whole, options);
    expect(expected.losses.size).toBe(STEPS);
  });

  test('has the same steps without evaluations between them', async () => {
    expect(await train(undefined, { ...options, evalStrategy: 'no', evaluation: undefined, holdOutShare: 0 })).toEqual(
      expected,
    );
  });

  test.each([1, 2, 3, 5, 8])('stopped after step %i, goes on bit for bit', async (stop) => {
    const output = new MemoryStorage();
    const first = await train(output, options, stop);
    const second = await train(output, options, 0, true);
    expect(new Map([...first.losses, ...second.losses])).toEqual(expected.losses);
    expect(second.weights).toEqual(expected.weights);
    const last = `checkpoint-${STEPS}`;
    expect(await filesOf(output, last)).toEqual(await filesOf(whole, last));
  });
});

test('a run over a stream whose step is not finite goes back to the state of before', async () => {
  const options = { gradientAccumulationSteps: 1, maxSteps: 4, saveSteps: 2, evalStrategy: 'no' } as const;
  const expected = await train(new MemoryStorage(), { ...options, maxSteps: 3 });
  const output = new MemoryStorage();
  let count = 0;
  await using trainer = streamTrainer(output, {
    ...options,
    objective: {
      ...streamObjective,
      // The counts of the fourth step make its loss infinite.
      counts: (batch) => (++count === 4 ? { targets: 1e-46 } : streamObjective.counts(batch)),
    },
  });
  await expect(collect(trainer)).rejects.toMatchObject({ code: 'E_NONFINITE' });
  expect(numbersOf(await trainer.weights())).toEqual(expected.weights);
});
