/** T23: the real command, ended by a signal in every phase, on a tiny BERT. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { verifyCheckpoint } from '@attune/core';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interruptible, onInterrupt } from './signals.js';
import { runCommand, testFolder } from './testing/run-command.js';

const command = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = testFolder();
const { at, file } = folder;

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('model')));
  const rows = (count: number) =>
    Array.from({ length: count }, (_, row) => `the ${row % 2 ? 'cat' : 'dog'} sat on the mat ${row},${row % 2}`);
  file('small.csv', `text,label\n${rows(64).join('\n')}\n`);
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

/** Runs the command, and sends it signals when it has printed what the pattern finds. */
async function interrupted(args: readonly string[], when: RegExp, send: (child: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [command, ...args], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, all, isSent] = ['', '', false];
  const look = (chunk: Buffer) => {
    all += chunk.toString();
    if (isSent || !when.test(all)) return;
    isSent = true;
    send(child);
  };
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    look(chunk);
  });
  child.stderr.on('data', look);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  expect(isSent, all).toBe(true);
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

describe('T23 sigint-sigterm', () => {
  it.each([
    ['loading', sigint, 130, 'large.csv', ['--model', 'adapter'], /is an adapter/],
    ['tokenizing', sigterm, 143, 'large.csv', [], /tokenized 1000 of/],
  ] as const)(
    '%s: ends at once and writes nothing',
    async (phase, send, code, data, more, when) => {
      const end = await interrupted(
        train(data, phase, ...more).filter((each) => each !== '--json'),
        when,
        send,
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
      const end = await interrupted(train(data, phase, ...more), when, send);
      expect(end).toMatchObject({ code, last: { type: 'result', interrupted: true } });
      expect(await checkpointsVerify(phase)).toBeGreaterThanOrEqual(least);
    },
    60_000,
  );

  it('the last save: the model is written to its end', async () => {
    const run = train('small.csv', 'finished', '--max-steps', '2');
    const { code } = await interrupted(run, /"type":"end"/, sigint);
    expect(code).toBe(130);
    expect(readFileSync(at('finished/adapter_config.json'), 'utf8')).toContain('LORA');
  }, 60_000);

  it('a second signal ends at once, and what is there still verifies', async () => {
    const both = (child: ChildProcess) => {
      sigint(child);
      setTimeout(() => sigterm(child), 20);
    };
    const args = train('small.csv', 'twice', '--save-steps', '2', '--eval', 'large.csv', '--eval-steps', '3');
    const { code } = await interrupted(args, /"type":"step","step":3,/, both);
    expect([130, 143]).toContain(code);
    await checkpointsVerify('twice');
  }, 60_000);

  it('evaluate and predict end at once', async () => {
    const { code } = await interrupted(
      ['evaluate', '--model', 'adapter', '--data', 'large.csv', '--threads', '1'],
      /tokenized 1000 of/,
      sigint,
    );
    expect(code).toBe(130);
  }, 60_000);

  it.each([
    ['before the model is open: nothing is written', false],
    ['while the file is written: it is whole', true],
  ])('export, %s', async (_, late) => {
    const interruption = onInterrupt();
    if (!late) process.emit('SIGTERM');
    const output = at(`late-${late}.onnx`);
    const run = runCommand(['export', '--model', at('adapter'), '--output', output], interruption);
    if (late) await Promise.resolve().then(() => setTimeout(() => process.emit('SIGTERM'), 0));
    expect((await run).code).toBe(143);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    if (!late) expect(existsSync(output)).toBe(false);
  });
});

it('work that is left does not fail later', async () => {
  const controller = new AbortController();
  const work = interruptible(controller.signal, () => Promise.reject(new Error('late')).finally(() => {}));
  controller.abort(new Error('now'));
  await expect(work).rejects.toThrow('now');
});
