/** T23: the real command, ended by a signal in every phase, on a tiny BERT. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { verifyCheckpoint } from '@attune/core/internal';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interruptible } from './signals.js';
import { runCommand, testFolder } from './testing/run-command.js';

const command = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = testFolder();
const { at, file } = folder;

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('model')));
  const rows = (count: number) =>
    Array.from({ length: count }, (_, row) => `the ${row % 2 ? 'cat' : 'dog'} sat on the mat ${row},${row % 2}`);
  file('small.csv', `text,label\n${rows(64).join('\n')}\n`);
  file('few.csv', `text,label\n${rows(8).join('\n')}\n`);
  file('medium.csv', `text,label\n${rows(4000).join('\n')}\n`);
  file('large.csv', `text,label\n${rows(30_000).join('\n')}\n`);
  const { code } = await runCommand([...train('small.csv', 'adapter', '--max-steps', '1')]);
  expect(code).toBe(0);
}, 120_000);
afterAll(() => folder.remove());

const train = (data: string, output: string, ...more: string[]) => [
  ...['train', '--model', at('model'), '--train', at(data), '--output', at(output), '--json', '--threads', '1'],
  ...['--max-length', '16', '--batch-size', '4', '--epochs', '100', '--learning-rate', '1e-3', ...more],
];

interface Ended {
  readonly code: number | null;
  readonly last: Readonly<Record<string, unknown>>;
}

type Cue = readonly [when: RegExp, send: (child: ChildProcess) => void];

/** Runs the command, and sends it each signal when it has printed what its pattern finds, one after the other. */
async function interrupted(args: readonly string[], ...cues: readonly Cue[]): Promise<Ended> {
  const child = spawn(process.execPath, [command, ...args], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, all] = ['', ''];
  const left = [...cues];
  const look = (chunk: Buffer) => {
    all += chunk.toString();
    while (left[0]?.[0].test(all)) left.shift()?.[1](child);
  };
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    look(chunk);
  });
  child.stderr.on('data', look);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  expect(left, all).toEqual([]);
  const line = out.trim().split('\n').at(-1) ?? '';
  return { code, last: line.startsWith('{') ? JSON.parse(line) : {} };
}

const sigint = (child: ChildProcess) => void child.kill('SIGINT');
const sigterm = (child: ChildProcess) => void child.kill('SIGTERM');

async function checkpointsVerify(output: string): Promise<number> {
  const names = existsSync(at(output)) ? readdirSync(at(output)).filter((name) => name.startsWith('checkpoint-')) : [];
  for (const name of names)
    expect(await verifyCheckpoint(nodeStorage(at(output)), name)).toMatchObject({ valid: true });
  return names.length;
}

/**
 * Holds the event loop for a minute in the second step, or as soon as a signal was heard after it.
 */
const HOLD = `
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
const hold = () => {
  writeSync(2, 'held\\n');
  for (const start = Date.now(); Date.now() - start < 60_000; );
};
const write = process.stdout.write;
if (isMainThread) process.stdout.write = function (chunk, ...rest) {
  const isSecond = String(chunk).includes('"type":"step","step":2,');
  const result = write.call(this, chunk, ...rest);
  if (isSecond && process.env.ATTUNE_TEST_HEARD === '0') hold();
  if (isSecond && process.env.ATTUNE_TEST_HEARD === '1') {
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, hold);
    writeSync(2, 'at step 2\\n');
  }
  return result;
};
`;

describe('T23 sigint-sigterm', () => {
  it.each([
    ['loading', sigint, 130, 'large.csv', ['--model', 'adapter'], /is an adapter/],
    ['tokenizing', sigterm, 143, 'large.csv', [], /tokenized 1000 of/],
  ] as const)(
    '%s: ends at once and writes nothing',
    async (phase, send, code, data, more, when) => {
      const end = await interrupted(
        train(data, phase, ...more).filter((each) => each !== '--json'),
        [when, send],
      );
      expect(end).toMatchObject({ code });
      expect(existsSync(at(phase))).toBe(false);
    },
    60_000,
  );

  it.each([
    ['warm-up', sigint, 130, 'small.csv', [], /"type":"start"/, 0],
    ['step', sigterm, 143, 'small.csv', [], /"type":"step","step":3,/, 1],
    [
      'evaluation',
      sigint,
      130,
      'small.csv',
      ['--eval', 'large.csv', '--eval-steps', '2'],
      /"type":"step","step":2,/,
      1,
    ],
    ['save', sigterm, 143, 'small.csv', ['--save-steps', '1'], /"type":"checkpoint","step":2,/, 1],
  ] as const)(
    '%s: ends after the step with a checkpoint that verifies',
    async (phase, send, code, data, more, when, least) => {
      const end = await interrupted(train(data, phase, ...more), [when, send]);
      expect(end).toMatchObject({ code, last: { type: 'result', interrupted: true } });
      expect(await checkpointsVerify(phase)).toBeGreaterThanOrEqual(least);
    },
    60_000,
  );

  it('the last save: the model is written to its end', async () => {
    const run = train('small.csv', 'finished', '--max-steps', '2');
    const { code } = await interrupted(run, [/"type":"end"/, sigint]);
    expect(code).toBe(130);
    expect(readFileSync(at('finished/adapter_config.json'), 'utf8')).toContain('LORA');
  }, 60_000);

  it('a second signal ends at once, in the middle of the step that the first one would finish', async () => {
    // A step of 1000 runs, which takes seconds: both signals arrive while the second one is under way.
    const long = ['--gradient-accumulation-steps', '1000', '--save-steps', '1'];
    const { code, last } = await interrupted(
      train('medium.csv', 'twice', ...long),
      [/"type":"checkpoint","step":1,/, (child) => void setTimeout(() => sigint(child), 300)],
      [/once more to stop at once/, sigterm],
    );
    // The first signal alone ends with 130, after step 2 with a checkpoint and a result.
    expect(code).toBe(143);
    expect(last).toMatchObject({ type: 'checkpoint', step: 1 });
    expect(await checkpointsVerify('twice')).toBe(1);
  }, 60_000);

  it('issue 18: a search that is killed loses no more than the training that was under way', async () => {
    const space = ['--search', 'lora.r=2,4', '--eval', at('few.csv'), '--max-steps', '6'];
    const search = train('few.csv', 'searched', ...space);
    const rungs = () => JSON.parse(readFileSync(at('searched/search.json'), 'utf8')).rungs;
    const inSecond: Cue = [/"type":"step","step":1,.*"candidate":1/, (child) => void child.kill('SIGKILL')];
    expect((await interrupted(search, inSecond)).code).toBe(null);
    const kept = rungs();
    expect(kept[0]).toMatchObject({ candidate: 0, share: 1 / 3 });
    const { code, out } = await runCommand(search);
    expect(code, out).toBe(0);
    expect(rungs()).toHaveLength(3);
    expect(rungs().slice(0, kept.length)).toEqual(kept);
    const trained = Array.from(
      out.matchAll(/"type":"step","step":(\d+),.*"candidate":(\d)/g),
      ([, step, candidate]) => [Number(step), Number(candidate)] as const,
    );
    expect(trained.filter(([step, candidate]) => candidate === 0 && step <= 2)).toEqual([]);
    expect(trained.length).toBeGreaterThan(0);
  }, 60_000);

  it.each([
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)(
    'audit F5: %s ends after the step with a checkpoint',
    async (signal, code) => {
      const send = (child: ChildProcess) => void child.kill(signal);
      const end = await interrupted(train('small.csv', signal), [/"type":"step","step":3,/, send]);
      expect(end).toMatchObject({ code, last: { type: 'result', interrupted: true } });
      expect(await checkpointsVerify(signal)).toBe(1);
    },
    60_000,
  );

  it.each([
    ['out', '| head -n 3'],
    ['err', '2>&1 >/dev/null | head -n 3'],
  ])(
    'audit F5: a reader of standard %sput that goes away leaves a checkpoint and no stack trace',
    async (name, pipe) => {
      const output = `pipe-${name}`;
      const options = train('small.csv', output).filter((each) => name === 'out' || each !== '--json');
      // What comes behind the pipe is written to a file: the exit code of the command, and what it says elsewhere.
      const script = `{ "$@" 2>${output}.txt; echo "ended $?" >> ${output}.txt; } ${pipe}`;
      const line = name === 'out' ? script : `{ "$@"; echo "ended $?" > ${output}.txt; } ${pipe}`;
      const child = spawn('sh', ['-c', line, 'sh', process.execPath, command, ...options], { cwd: folder.path });
      await new Promise((resolve) => child.on('close', resolve));
      const said = readFileSync(at(`${output}.txt`), 'utf8');
      expect(said).toContain('ended 141');
      expect(said).not.toMatch(/EPIPE|at .*:\d+:\d+/);
      expect(await checkpointsVerify(output)).toBe(1);
      expect(readdirSync(at(output)).filter((each) => each.includes('lock'))).toEqual([]);
      const resumed = await runCommand([...train('small.csv', output), '--resume', '--max-steps', '3']);
      expect(resumed.code, resumed.out).not.toBe(3);
    },
    60_000,
  );

  it.each([
    ['SIGINT', 'both arrive while it is held', 0],
    ['SIGTERM', 'both arrive while it is held', 0],
    ['SIGINT', 'the first was heard', 1],
    ['SIGTERM', 'the first was heard', 1],
  ] as const)(
    'audit F5: the watchdog ends a process whose event loop is held at the second %s: %s',
    async (signal, _, heard) => {
      const held = file('hold.mjs', HOLD);
      const child = spawn(
        process.execPath,
        ['--import', held, command, ...train('small.csv', `held-${signal}-${heard}`)],
        {
          cwd: folder.path,
          env: { ...process.env, ATTUNE_TEST_HEARD: String(heard) },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      );
      let said = '';
      let isSent = false;
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (heard === 1 && said.includes('at step 2') && !isSent) {
          isSent = true;
          child.kill(signal);
        }
        if (!said.includes('held') || (child.killed && heard === 0)) return;
        child.kill(signal);
        if (heard === 0) setTimeout(() => child.kill(signal), 300);
      });
      const ended = await new Promise((resolve) => child.on('close', (code, by) => resolve(by ?? code)));
      expect(ended, said).toBe('SIGKILL');
    },
    60_000,
  );

  it('evaluate and predict end at once', async () => {
    const { code } = await interrupted(
      ['evaluate', '--model', 'adapter', '--data', 'large.csv', '--threads', '1'],
      [/tokenized 1000 of/, sigint],
    );
    expect(code).toBe(130);
  }, 60_000);
});

it('work that is left does not fail later', async () => {
  const controller = new AbortController();
  const work = interruptible(controller.signal, () => Promise.reject(new Error('late')).finally(() => {}));
  controller.abort(new Error('now'));
  await expect(work).rejects.toThrow('now');
});
