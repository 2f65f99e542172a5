/** Field 4: by default, saving costs a run a few percent of its time, and what resuming gives does not change. */
import { MemoryStorage } from '@attune/hub';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkpointSteps } from '../checkpoint/names.js';
import { SaveBudget } from './save-budget.js';
import { collect, lossesOf, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';
import type { TrainerOptions } from './trainer-options.js';

describe('field 4: the time that saves may take', () => {
  test.each([1, 40, 700, 30_000])('saves of %i ms take 5%% of a long run at most', async (cost) => {
    let clock = 0;
    const budget = new SaveBudget(() => clock);
    let saving = 0;
    while (clock < 10_000_000) {
      clock += 777;
      if (!budget.allows) continue;
      await budget.spend(async () => {
        clock += cost;
        saving += cost;
      });
    }
    expect(saving).toBeGreaterThan(0);
    expect(saving / clock).toBeLessThan(0.051);
  });
});

/** 12 steps in 4 epochs without a word about saving; `loss` is best after the second epoch. */
const unsaid: Partial<TrainerOptions> = {
  saveSteps: undefined,
  loadBestModelAtEnd: true,
  saveTotalLimit: 1,
};
const scored = (): Partial<TrainerOptions> => {
  const scores = [0.9, 0.3, 0.4, 0.5];
  const evaluator = () => ({ outputNames: [], add: () => {}, metrics: () => ({ score: scores.shift() ?? 1 }) });
  return { ...unsaid, evaluator, metricForBestModel: 'score', greaterIsBetter: false };
};

/** Makes every millisecond look like `factor` ones. */
function hasten(factor: number): void {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() * factor);
}

afterEach(() => vi.restoreAllMocks());

async function run(output: MemoryStorage, options: Partial<TrainerOptions>, stop = 0) {
  await using trainer = tinyTrainer(output, options);
  const controller = new AbortController();
  const saved: number[] = [];
  const events = [];
  for await (const event of trainer.train({ signal: controller.signal, resume: true })) {
    events.push(event);
    if (event.type === 'checkpoint') saved.push(event.step);
    if (event.type === 'step' && event.step === stop) controller.abort(new Error('enough'));
  }
  return { saved, losses: lossesOf(events), weights: numbersOf(await trainer.weights()) };
}

describe('field 4: checkpoints of a run that does not say when', () => {
  test('a short run saves the best one and the last one, at its end', async () => {
    const output = new MemoryStorage();
    const exact = await run(new MemoryStorage(), { ...scored(), saveStrategy: 'epoch' });
    const short = await run(output, scored());
    expect(exact.saved).toEqual([3, 6, 9, 12]);
    expect(short.saved).toEqual([6, 12]);
    expect(short.weights).toEqual(exact.weights);
    expect(await checkpointSteps(output)).toEqual([6, 12]);
  });

  test('a run whose epochs take long saves after each, as before', async () => {
    hasten(1e6);
    expect((await run(new MemoryStorage(), { ...unsaid, loadBestModelAtEnd: false })).saved).toContain(3);
  });

  test('early stopping is an end too', async () => {
    const stopped = await run(new MemoryStorage(), { ...scored(), earlyStoppingPatience: 1 });
    expect(stopped.saved).toEqual([6, 9]);
  });

  test('saveStrategy no: nothing but what an interruption leaves', async () => {
    const plain = { ...unsaid, loadBestModelAtEnd: false, saveStrategy: 'no' as const };
    expect((await run(new MemoryStorage(), plain)).saved).toEqual([]);
    expect((await run(new MemoryStorage(), plain, 5)).saved).toEqual([5]);
  });

  test.each([2, 6, 8, 11])('stopped after step %i and resumed, it ends with the same weights', async (stop) => {
    const options = { ...unsaid };
    const whole = await run(new MemoryStorage(), options);
    const output = new MemoryStorage();
    const first = await run(output, options, stop);
    expect(first.saved.at(-1)).toBe(stop);
    const second = await run(output, options);
    expect(new Map([...first.losses, ...second.losses])).toEqual(whole.losses);
    expect(second.weights).toEqual(whole.weights);
  });

  test('a run that is killed and has saved nothing begins again, to the same weights', async () => {
    const whole = await run(new MemoryStorage(), unsaid);
    const output = new MemoryStorage();
    await using killed = tinyTrainer(output, unsaid);
    await collect(killed, {}, (event) => event.type === 'step' && event.step === 7);
    expect(await checkpointSteps(output)).toEqual([]);
    expect((await run(output, unsaid)).weights).toEqual(whole.weights);
  });
});
