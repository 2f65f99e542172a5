import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { nodeStorage } from '@attune/hub/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { discoverCheckpoint } from '../checkpoint/load.js';
import { savePhases } from '../checkpoint/save.js';
import { permutation } from '../random.js';
import { bundleChild, type ChildEvent, runChild, temporaryDirectory } from './testing/children.js';

let script: string;
let expected: { readonly losses: ReadonlyMap<unknown, unknown>; readonly weights: unknown };
const directories: string[] = [];

async function directory(): Promise<string> {
  const path = await temporaryDirectory();
  directories.push(path);
  return path;
}

const lossesOf = (events: readonly ChildEvent[]) =>
  new Map(events.filter(({ type }) => type === 'step').map(({ step, loss }) => [step, loss]));
const weightsOf = (events: readonly ChildEvent[]) => events.find(({ type }) => type === 'weights')?.weights;

const namesIn = async (path: string) => (await nodeStorage(path).list('')).map(({ name }) => name);

beforeAll(async () => {
  script = await bundleChild();
  const { events, ended } = runChild(script, { OUTPUT: await directory() });
  expect(await ended).toBe(0);
  expected = { losses: lossesOf(events), weights: weightsOf(events) };
  expect(expected.losses.size).toBe(12);
});

afterAll(async () => {
  await rm(dirname(script), { recursive: true });
  for (const path of directories) await rm(path, { recursive: true, force: true });
});

describe('T19: killed in a save', () => {
  // The second save: there is a checkpoint that has to survive.
  test.each(savePhases)('%s', async (phase) => {
    const output = await directory();
    const killed = runChild(script, { OUTPUT: output, KILL_AT: phase, KILL_SAVE: '2' });
    expect(await killed.ended).toBe('SIGKILL');
    expect((await discoverCheckpoint(nodeStorage(output))).found?.manifest.step).toBeGreaterThanOrEqual(2);
    const resumed = runChild(script, { OUTPUT: output });
    expect(await resumed.ended).toBe(0);
    expect(new Map([...lossesOf(killed.events), ...lossesOf(resumed.events)])).toEqual(expected.losses);
    expect(weightsOf(resumed.events)).toEqual(expected.weights);
    expect((await namesIn(output)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

test('T19: killed at 30 random moments', { timeout: 240_000 }, async () => {
  const delays = permutation(400, 0, 'kill moments').slice(0, 30);
  let output = await directory();
  let kills = 0;
  for (const delay of delays) {
    const run = runChild(script, { OUTPUT: output, STEP_MILLISECONDS: '60' });
    await Promise.race([run.ended, run.seen(({ type }) => type === 'start')]);
    const timer = setTimeout(() => run.process.kill('SIGKILL'), delay);
    const end = await run.ended;
    clearTimeout(timer);
    for (const [step, loss] of lossesOf(run.events)) expect(loss).toBe(expected.losses.get(step));
    if (end === 'SIGKILL') kills += 1;
    else {
      expect(weightsOf(run.events)).toEqual(expected.weights);
      output = await directory();
    }
  }
  expect(kills).toBeGreaterThan(24);
  const last = runChild(script, { OUTPUT: output });
  expect(await last.ended).toBe(0);
  expect(weightsOf(last.events)).toEqual(expected.weights);
});

describe('audit F6, F8: killed in the last save', () => {
  const filesOf = async (path: string) => (await namesIn(path)).filter((name) => !name.startsWith('checkpoint-'));

  test.each(['1', '4', '6', '7', '8'])('after %s changes', async (changes) => {
    const output = await directory();
    const killed = runChild(script, { OUTPUT: output, KILL_LAST: changes });
    expect(await killed.ended).toBe('SIGKILL');
    const left = await filesOf(output);
    expect(left.some((name) => name.startsWith('.tmp-model-'))).toBe(true);
    expect(left).not.toContain('config.json');
    expect(left).toContain('.attune.lock');
    const resumed = runChild(script, { OUTPUT: output, KILL_LAST: '1000' });
    expect(await resumed.ended).toBe(0);
    expect(await filesOf(output)).toEqual(['attune.json', 'config.json', 'latest.json', 'model.safetensors']);
  });
});

describe('T23: a signal', () => {
  const phases: Readonly<Record<string, (event: ChildEvent) => boolean>> = {
    'at the start': ({ type }) => type === 'start',
    'in a step': ({ type, step }) => type === 'step' && step === 1,
    'before an evaluation': ({ type, step }) => type === 'step' && step === 3,
    'after an evaluation': ({ type }) => type === 'evaluation',
    'in a save': ({ type, phase }) => type === 'save-phase' && phase === 'optimizer',
  };

  test.each(Object.entries(phases))('%s', async (_, isPhase) => {
    const output = await directory();
    const run = runChild(script, { OUTPUT: output, STEP_MILLISECONDS: '30' });
    const seen = await run.seen(isPhase);
    run.process.kill('SIGINT');
    expect(await run.ended).toBe(130);
    const end = run.events.at(-1)!;
    expect(end).toMatchObject({ type: 'end', reason: 'aborted' });
    const before = lossesOf(run.events.slice(0, run.events.indexOf(seen) + 1)).size;
    expect(Number(end.step)).toBeLessThanOrEqual(before + 1);
    const { found } = await discoverCheckpoint(nodeStorage(output));
    expect(found?.manifest.step ?? 0).toBe(end.step);
    const resumed = runChild(script, { OUTPUT: output });
    expect(await resumed.ended).toBe(0);
    expect(weightsOf(resumed.events)).toEqual(expected.weights);
  });

  test('SIGTERM has its own exit code, and a second signal ends at once', async () => {
    const slow = runChild(script, { OUTPUT: await directory(), STEP_MILLISECONDS: '5000' });
    await slow.seen(({ type }) => type === 'step');
    slow.process.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 50));
    slow.process.kill('SIGTERM');
    expect(await slow.ended).toBe(143);
    expect(slow.events.some(({ type }) => type === 'end')).toBe(false);
  });
});

describe('T25: two processes', () => {
  test('the second one is told who holds the directory, and a lock left by a dead one is taken over', async () => {
    const output = await directory();
    const first = runChild(script, { OUTPUT: output, STEP_MILLISECONDS: '2000' });
    await first.seen(({ type }) => type === 'step');
    const second = runChild(script, { OUTPUT: output });
    expect(await second.ended).toBe(3);
    expect(second.events[0]).toMatchObject({
      code: 'E_LOCKED',
      message: expect.stringContaining(`process ${first.process.pid} on `),
    });
    first.process.kill('SIGKILL');
    await first.ended;
    const third = runChild(script, { OUTPUT: output });
    expect(await third.ended).toBe(0);
    expect(weightsOf(third.events)).toEqual(expected.weights);
  });
});
