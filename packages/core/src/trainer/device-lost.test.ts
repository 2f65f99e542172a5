/** T27 in training: a device that goes away in mid-run. */
import { webgpu } from '@attune/backend-webgpu';
import { spiedGpu } from '@attune/backend-webgpu/testing/spied-gpu';
import { MemoryStorage } from '@attune/hub';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrainEvent } from './events.js';
import { tinyModel } from './testing/tiny.js';
import { collect, lossesOf, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';

/** Trains on a device that is destroyed after every step for which `isLost` says so. */
async function train(isLost: (step: number) => boolean) {
  let current: GPUDevice | undefined;
  const gpu = await spiedGpu((device) => {
    current = device;
  });
  const model = { ...tinyModel(), warnings: ['about the model'] };
  await using trainer = tinyTrainer(new MemoryStorage(), { model, backend: webgpu({ gpu }) });
  const events: TrainEvent[] = [];
  const run = collect(trainer, {}, (event) => {
    events.push(event);
    if (event.type === 'step' && isLost(event.step)) current!.destroy();
    return false;
  });
  const [outcome] = await Promise.allSettled([run]);
  return { events, outcome, weights: outcome.status === 'fulfilled' ? numbersOf(await trainer.weights()) : undefined };
}

const resumptions = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'start' ? [event.resumedFrom] : []));

describe('T27 device-lost-oom', () => {
  let whole: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    whole = await train(() => false);
  });

  it('goes on from the last checkpoint to the same weights, bit for bit', async () => {
    const once = [2, 6];
    const { events, weights } = await train((step) => once.includes(step) && once.shift() === step);
    expect(resumptions(events)).toEqual([0, 0, 4]);
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    // What is to be known of model and data is told once.
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toBe('about the model');
    expect(warnings[1]).toMatch(/device is gone.*goes on from its last checkpoint/);
    expect(lossesOf(events)).toEqual(lossesOf(whole.events));
    expect(weights).toEqual(whole.weights);
  });

  it('ends with E_DEVICE_LOST where the device is lost again and again', async () => {
    const { events, outcome } = await train((step) => step === 5);
    expect(resumptions(events)).toEqual([0, 4, 4, 4]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'E_DEVICE_LOST', hint: expect.any(String) } });
  });
});
