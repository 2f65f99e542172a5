import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { onnx } from '@attune/backend-onnx';
import { MemoryStorage } from '@attune/hub';
import type { Backend, Device } from '@attune/ir';
import { afterEach, describe, expect, test } from 'vitest';
import { checkpointSteps } from '../checkpoint/names.js';
import { tinyDataset, tinyExamples } from './testing/tiny.js';
import { collect, tinyTrainer } from './testing/tiny-trainer.js';

/** A backend whose devices are remembered, with whether they were disposed of. */
function watched(): { readonly backend: Backend; readonly devices: { readonly device: Device; disposed: boolean }[] } {
  const devices: { readonly device: Device; disposed: boolean }[] = [];
  const inner = onnx({ threads: 1 });
  const backend: Backend = {
    ...inner,
    async open(options) {
      const device = await inner.open(options);
      const entry = { device, disposed: false };
      devices.push(entry);
      const dispose = device[Symbol.asyncDispose].bind(device);
      device[Symbol.asyncDispose] = async () => {
        entry.disposed = true;
        await dispose();
      };
      return device;
    },
  };
  return { backend, devices };
}

const rejections: unknown[] = [];
const note = (reason: unknown) => rejections.push(reason);
process.on('unhandledRejection', note);
afterEach(() => expect(rejections).toEqual([]));

describe('T24: the end of a run', () => {
  test('aborted before: no device is opened, and the reason is kept', async () => {
    const { backend, devices } = watched();
    const reason = new DOMException('not now', 'AbortError');
    const events = await collect(tinyTrainer(new MemoryStorage(), { backend }), { signal: AbortSignal.abort(reason) });
    expect(events).toEqual([
      { type: 'end', reason: 'aborted', step: 0, cause: { name: 'AbortError', message: 'not now' } },
    ]);
    expect(devices).toEqual([]);
  });

  test('aborted during: a checkpoint, the reason, and the weights of the last step', async () => {
    const output = new MemoryStorage();
    const { backend, devices } = watched();
    const trainer = tinyTrainer(output, { backend });
    const controller = new AbortController();
    const events = [];
    for await (const event of trainer.train({ signal: controller.signal })) {
      events.push(event);
      if (event.type === 'step' && event.step === 2) controller.abort();
    }
    expect(events.slice(-2)).toMatchObject([
      { type: 'checkpoint', step: 2 },
      { type: 'end', reason: 'aborted', step: 2, cause: { name: 'AbortError' } },
    ]);
    expect((await trainer.weights()).size).toBe(5);
    await trainer[Symbol.asyncDispose]();
    expect(devices[0]).toMatchObject({ disposed: true });
    expect(devices[0]?.device.memory().bufferCount).toBe(0);
  });

  test('aborted in an evaluation of its own', async () => {
    await using trainer = tinyTrainer(undefined);
    const dataset = tinyDataset(tinyExamples(4));
    const reason = new Error('enough');
    await expect(trainer.evaluate(dataset, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(trainer.predict(dataset, 'logits', AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('left by break: everything is disposed of, the lock is free, and there are no weights', async () => {
    const output = new MemoryStorage();
    const { backend, devices } = watched();
    const trainer = tinyTrainer(output, { backend });
    await collect(trainer, {}, ({ type }) => type === 'checkpoint');
    expect(devices.map(({ disposed, device }) => [disposed, device.memory().bufferCount])).toEqual([[true, 0]]);
    await expect(trainer.weights()).rejects.toMatchObject({ code: 'E_NOT_TRAINED' });
    expect(await checkpointSteps(output)).toEqual([4]);
    const events = await collect(trainer, { resume: true });
    expect(events.at(-1)).toMatchObject({ reason: 'completed' });
    expect((await trainer.weights()).size).toBe(5);
    await trainer[Symbol.asyncDispose]();
  });

  test('left by a listener that throws', async () => {
    const { backend, devices } = watched();
    const run = collect(tinyTrainer(undefined, { backend }), {}, ({ type }) => {
      if (type === 'step') throw new Error('listener');
      return false;
    });
    await expect(run).rejects.toThrow('listener');
    expect(devices[0]?.device.memory().bufferCount).toBe(0);
  });

  test('a trainer trains once at a time', async () => {
    await using trainer = tinyTrainer(undefined);
    const events = trainer.train();
    await events.next();
    await expect(trainer.train().next()).rejects.toMatchObject({ code: 'E_BUSY' });
    await events.return();
  });

  test('a hundred runs that end in four ways leave nothing behind, and memory does not grow', async () => {
    const resources = process.getActiveResourcesInfo().length;
    const { backend, devices } = watched();
    const memory: NodeJS.MemoryUsage[] = [];
    for (let run = 0; run < 100; run++) {
      if (run === 40) memory.push(memoryAfterCollection());
      const trainer = tinyTrainer(new MemoryStorage(), { backend, maxSteps: 1, evaluation: undefined });
      const controller = new AbortController();
      const training = collect(trainer, { signal: controller.signal }, ({ type }) => {
        if (type !== 'step') return false;
        if (run % 4 === 1) controller.abort();
        if (run % 4 === 2) throw new Error('listener');
        return run % 4 === 3;
      });
      await training.catch((error: Error) => expect(error.message).toBe('listener'));
      await trainer[Symbol.asyncDispose]();
    }
    memory.push(memoryAfterCollection());
    expect(devices.map(({ device }) => device.memory().bufferCount)).toEqual(new Array(100).fill(0));
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(resources + 1);
    const [middle, end] = memory;
    // A session that stays holds about a megabyte: sixty would show in either figure.
    expect(end!.rss - middle!.rss).toBeLessThan(40e6);
    expect(end!.heapUsed - middle!.heapUsed).toBeLessThan(10e6);
  }, 600_000);
});

function memoryAfterCollection(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  for (let times = 0; times < 3; times++) collectGarbage();
  return process.memoryUsage();
}
