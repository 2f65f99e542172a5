import { isAttuneError } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { evaluateSchedule, scheduleFunction } from './evaluate.js';
import { lrSchedulerTypes, scheduleFromOptions } from './from-options.js';
import { linearSchedule } from './linear.js';
import { oneCycleSchedule } from './one-cycle.js';
import { reduceOnPlateauSchedule } from './reduce-on-plateau.js';

const extra: Partial<Record<(typeof lrSchedulerTypes)[number], Record<string, unknown>>> = {
  cosine_with_min_lr: { minLr: 1e-4 },
  cosine_warmup_with_min_lr: { minLrRate: 0.1 },
  warmup_stable_decay: { numDecaySteps: 3 },
};

const codeOf = (make: () => unknown): Promise<string | undefined> =>
  new Promise((resolve) => resolve(make())).then(
    () => undefined,
    (error: unknown) => (isAttuneError(error) ? `${error.code} ${error.field}` : String(error)),
  );

describe('schedules by name', () => {
  const ofStep = lrSchedulerTypes.filter((name) => name !== 'reduce_lr_on_plateau');

  test.each(ofStep)(
    '%s stays finite and within bounds, also beyond the end and for one step',
    async (lrSchedulerType) => {
      for (const [trainingSteps, warmupRatio] of [
        [10, 0.2],
        [10, 0],
        [1, 0],
        [3, 1],
      ] as const) {
        const lrSchedulerKwargs = { ...extra[lrSchedulerType] };
        if (lrSchedulerType === 'warmup_stable_decay')
          lrSchedulerKwargs.numDecaySteps = (Math.min(3, trainingSteps) * (warmupRatio === 1 ? 0 : 0.5)) | 0;
        const rate = scheduleFunction(
          await scheduleFromOptions({
            lrSchedulerType,
            learningRate: 0.01,
            trainingSteps,
            warmupRatio,
            lrSchedulerKwargs,
          }),
        );
        for (let step = 0; step < trainingSteps + 5; step++) {
          expect(Number.isFinite(rate(step)), `step ${step} of ${trainingSteps}`).toBe(true);
          expect(rate(step)).toBeGreaterThanOrEqual(0);
          expect(rate(step)).toBeLessThanOrEqual(0.01 * (1 + 1e-12));
        }
      }
    },
  );

  test('warmupSteps wins over warmupRatio, which is rounded up', async () => {
    const common = { learningRate: 1, trainingSteps: 10, lrSchedulerType: 'constant_with_warmup' } as const;
    expect(evaluateSchedule(await scheduleFromOptions({ ...common, warmupRatio: 0.11 }), 1)).toBe(0.5);
    expect(evaluateSchedule(await scheduleFromOptions({ ...common, warmupRatio: 0.11, warmupSteps: 4 }), 1)).toBe(0.25);
  });

  test('learning rates that float32 does not hold are exact on the host', async () => {
    expect(evaluateSchedule(await scheduleFromOptions({ learningRate: 2e-4, trainingSteps: 4 }), 1)).toBeCloseTo(
      1.5e-4,
      17,
    );
  });

  test('restarts fall on whole steps', async () => {
    const rate = scheduleFunction(
      await scheduleFromOptions({
        lrSchedulerType: 'cosine_with_restarts',
        learningRate: 1,
        trainingSteps: 9,
        lrSchedulerKwargs: { numCycles: 3 },
      }),
    );
    expect([0, 3, 6].map(rate)).toEqual([1, 1, 1]);
    expect(rate(9)).toBe(0);
  });
});

describe('wrong options', () => {
  test.each([
    ['E_CONFIG learningRate', () => linearSchedule({ learningRate: -1, trainingSteps: 10 })],
    ['E_CONFIG learningRate', () => linearSchedule({ learningRate: Number.NaN, trainingSteps: 10 })],
    ['E_CONFIG trainingSteps', () => linearSchedule({ learningRate: 1, trainingSteps: 0 })],
    [
      'E_CONFIG power',
      () => scheduleFromOptions({ learningRate: 1, trainingSteps: 9, lrSchedulerKwargs: { power: 2 } }),
    ],
    [
      'E_CONFIG minLr',
      () => scheduleFromOptions({ learningRate: 1, trainingSteps: 9, lrSchedulerType: 'cosine_with_min_lr' }),
    ],
    [
      'E_CONFIG lrEnd',
      () => scheduleFromOptions({ learningRate: 1e-8, trainingSteps: 9, lrSchedulerType: 'polynomial' }),
    ],
    [
      'E_CONFIG numDecaySteps',
      () =>
        scheduleFromOptions({
          learningRate: 1,
          trainingSteps: 9,
          lrSchedulerType: 'warmup_stable_decay',
          lrSchedulerKwargs: { numDecaySteps: 10 },
        }),
    ],
    ['E_CONFIG step', () => evaluateSchedule(linearSchedule({ learningRate: 1, trainingSteps: 10 }), -1)],
    ['E_CONFIG reduce_lr_on_plateau', () => evaluateSchedule(reduceOnPlateauSchedule({ learningRate: 1 }), 0)],
  ])('%s', async (expected, make) => {
    expect(await codeOf(make)).toBe(expected);
  });
});

test("one-cycle's momentum goes against its rate", () => {
  const cycle = oneCycleSchedule({ maxLr: 1, totalSteps: 11, pctStart: 0.5 });
  expect(cycle.name).toBe('one_cycle');
  expect(evaluateSchedule(cycle, 0)).toBeCloseTo(0.04, 12);
});

describe('reduceOnPlateauSchedule', () => {
  test('its state is JSON and goes on where it was saved', () => {
    const options = { learningRate: 1, patience: 1, factor: 0.5, cooldown: 1 };
    const [whole, first, second] = [0, 1, 2].map(() => reduceOnPlateauSchedule(options).host);
    const metrics = [1, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 0.5, 0.6];
    for (const metric of metrics) whole!.report(metric);
    for (const metric of metrics.slice(0, 5)) first!.report(metric);
    second!.restore(JSON.parse(JSON.stringify(first!.save())));
    for (const metric of metrics.slice(5)) second!.report(metric);
    expect(second!.save()).toEqual(whole!.save());
    expect(whole!.inputs().learningRate).toBe(0.25);
  });

  test('refuses NaN and a state that it did not make', async () => {
    const { host } = reduceOnPlateauSchedule({ learningRate: 1 });
    expect(await codeOf(() => host.report(Number.NaN))).toBe('E_NONFINITE metric');
    expect(await codeOf(() => host.restore({ learningRate: 1 }))).toMatch(/^E_CONFIG/);
    expect(JSON.parse(JSON.stringify(host.save()))).toEqual(host.save());
  });
});
