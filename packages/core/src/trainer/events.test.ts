/** What a run tells of itself: as plain data, to several listeners, and how far long passes are. */
import { MemoryStorage, writeFile } from '@attune/hub';
import { referenceBackend } from '@attune/ir';
import { expect, test } from 'vitest';
import type { TrainEvent } from './events.js';
import { withProgress } from './progress.js';
import { tinyDataset, tinyExamples } from './testing/tiny.js';
import { collect, tinyTrainer } from './testing/tiny-trainer.js';

const backend = referenceBackend();

test('every event is JSON, also the end of a run that a signal aborted', async () => {
  const controller = new AbortController();
  await using trainer = tinyTrainer(undefined, { backend, maxSteps: 3, evalStrategy: 'steps', evalSteps: 1 });
  const events: TrainEvent[] = [];
  for await (const event of trainer.train({ signal: controller.signal })) {
    events.push(event);
    if (event.type === 'step' && event.step === 2) controller.abort(new TypeError('enough'));
  }
  expect(JSON.parse(JSON.stringify(events))).toEqual(events);
  expect(events.at(-1)).toEqual({
    type: 'end',
    reason: 'aborted',
    step: 2,
    cause: { name: 'TypeError', message: 'enough' },
  });
});

test('listeners are told every event, in their order and before the loop', async () => {
  const told: string[] = [];
  const listeners = ['first', 'second'].map((name) => async (event: TrainEvent) => {
    told.push(`${name} ${event.type}`);
  });
  await using trainer = tinyTrainer(undefined, { backend, maxSteps: 1, evalStrategy: 'no', onEvent: listeners });
  for await (const { type } of trainer.train()) told.push(`loop ${type}`);
  const types = told.filter((line) => line.startsWith('loop')).map((line) => line.slice(5));
  expect(types).toContain('step');
  expect(told).toEqual(types.flatMap((type) => [`first ${type}`, `second ${type}`, `loop ${type}`]));
});

test('what a listener throws ends the run', async () => {
  const onEvent = ({ type }: TrainEvent) => {
    if (type === 'step') throw new Error('the writer is gone');
  };
  await using trainer = tinyTrainer(undefined, { backend, onEvent });
  await expect(collect(trainer)).rejects.toThrow('the writer is gone');
});

test('a long evaluation says how far it is, a short one does not', async () => {
  const progressOf = async (examples: number) => {
    await using trainer = tinyTrainer(undefined, {
      backend,
      maxSteps: 1,
      evalStrategy: 'epoch',
      perDeviceEvalBatchSize: 1,
      evaluation: tinyDataset(tinyExamples(examples)),
    });
    return (await collect(trainer)).filter((event) => event.type === 'progress');
  };
  expect(await progressOf(7)).toEqual([]);
  const events = await progressOf(40);
  expect(events).toHaveLength(10);
  expect(events[0]).toEqual({ type: 'progress', phase: 'evaluating', done: 1, total: 40 });
});

test('progress comes while the work is done, and what the work throws comes after it', async () => {
  const seen: unknown[] = [];
  const work = withProgress('tokenizing', async (report) => {
    for (let done = 1; done <= 20; done++) {
      report(done, 20);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    throw new Error('no more');
  });
  await expect(
    (async () => {
      for await (const { done } of work) seen.push(done);
    })(),
  ).rejects.toThrow('no more');
  expect(seen).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
});

test("a run may begin where another one left nothing but its record, and not beside somebody's run.json", async () => {
  const output = new MemoryStorage();
  await writeFile(output, 'events.jsonl', '');
  await writeFile(output, 'run.json', '{ "mine": 1 }');
  await using trainer = tinyTrainer(output, { backend, maxSteps: 1 });
  await expect(trainer.check()).rejects.toMatchObject({ code: 'E_OUTPUT_EXISTS' });
  await writeFile(output, 'run.json', '{ "writtenBy": "attune" }');
  await expect(trainer.check()).resolves.toMatchObject({ examples: 11 });
});
