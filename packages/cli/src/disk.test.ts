/** T20: the command on disks that are full, read-only or not its own. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { verifyCheckpoint } from '@attune/core/internal';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';
import { asNobody, type SmallDisk, smallDisk } from './testing/small-disk.js';

const folder = testFolder();
const { at, file } = folder;
const open: SmallDisk[] = [];

const train = (output: string, ...options: string[]) =>
  runCommand([
    ...['train', '--model', at('base'), '--train', at('train.csv'), '--output', output, '--threads', '1', '--json'],
    ...['--strategy', 'full', '--max-length', '16', '--batch-size', '2', '--learning-rate', '1e-3', ...options],
  ]);

/** Skips where there is no such disk. */
function disk(bytes: number, skip: (reason: string) => never): SmallDisk {
  const made = smallDisk(bytes) ?? skip('only root may mount, and only in Linux');
  open.push(made);
  return made;
}

const sizeOf = (path: string): number =>
  statSync(path).isFile()
    ? Math.ceil(statSync(path).size / 4096) * 4096
    : readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);

const weights = (output: string) => readFileSync(join(output, 'model.safetensors'));

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('base')));
  file('train.csv', `text,label\n${'the cat,cat\nthe dog,dog\n'.repeat(4)}`);
  expect((await train(at('whole'), '--save-steps', '2', '--max-steps', '4', '--save-total-limit', '9')).code).toBe(0);
  expect((await train(at('adapter'), '--strategy', 'lora', '--max-steps', '1')).code).toBe(0);
  chmodSync(folder.path, 0o755);
});
afterAll(() => {
  for (const each of open) each.remove();
  folder.remove();
});

/** The end of a command that the disk stopped: exit code 1, and the place. */
const stopped = (path: string, message: RegExp) => ({
  code: 1,
  last: {
    type: 'error',
    code: 'E_DISK',
    message: expect.stringMatching(message),
    file: expect.stringContaining(path),
  },
});

const FULL = /the disk is full \(\d+ bytes needed, \d+ bytes are free\)/;

describe('T20 disk-full: training', () => {
  it.for([
    ['a later checkpoint', 1.5, 0, ['checkpoint-2', 'events.jsonl', 'latest.json', 'run.json']],
    ['the finished model', 2, 0.5, ['checkpoint-2', 'checkpoint-4', 'events.jsonl', 'latest.json', 'run.json']],
  ] as const)('stops at %s, and goes on to the same weights', async ([, checkpoints, models, left], { skip }) => {
    const model = sizeOf(at('whole/model.safetensors'));
    const bytes = checkpoints * sizeOf(at('whole/checkpoint-2')) + models * model + 16_384;
    const { path, remount } = disk(bytes, skip);
    const output = join(path, 'run');
    const options = ['--save-steps', '2', '--max-steps', '4', '--save-total-limit', '9'];
    expect(await train(output, ...options)).toMatchObject(stopped(output, FULL));
    expect(readdirSync(output)).toEqual(left);
    expect(await verifyCheckpoint(nodeStorage(output), 'checkpoint-2')).toMatchObject({ valid: true });
    remount('size=64m');
    expect((await train(output, ...options, '--resume')).code).toBe(0);
    expect(weights(output).equals(weights(at('whole')))).toBe(true);
  });

  /** Waits for the first checkpoint and takes the right to write away. */
  async function whileWriting<T>(output: string, take: () => boolean, action: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => {
      if (existsSync(join(output, 'checkpoint-1')) && take()) clearInterval(timer);
    }, 5);
    try {
      return await action();
    } finally {
      clearInterval(timer);
    }
  }

  const steps = ['--save-steps', '1', '--max-steps', '500', '--save-total-limit', '2'];

  /** The checkpoint of the highest step is whole, and the run goes on once the disk may be written again. */
  async function goesOn(output: string): Promise<void> {
    const saved = readdirSync(output).filter((name) => name.startsWith('checkpoint-'));
    expect(saved.length).toBeGreaterThan(0);
    for (const name of saved) {
      expect(await verifyCheckpoint(nodeStorage(output), name), name).toMatchObject({ valid: true });
    }
    // Of this process, which did not end.
    rmSync(join(output, '.attune.lock'));
    const step = Math.max(...saved.map((name) => Number(name.slice('checkpoint-'.length))));
    const resumed = await train(
      output,
      ...steps,
      '--resume',
      '--max-steps',
      `${step + 1}`,
      '--allow-change',
      'maxSteps',
    );
    expect(resumed.code).toBe(0);
    expect(readdirSync(output).filter((name) => name.startsWith('.'))).toEqual([]);
  }

  it('audit F11: stops when the file system turns read-only in mid-run', async ({ skip }) => {
    const { path, remount } = disk(2 ** 26, skip);
    const output = join(path, 'run');
    const end = await whileWriting(
      output,
      () => remount('ro'),
      () => train(output, ...steps),
    );
    expect(end).toMatchObject(stopped(output, /read-only/));
    remount('rw');
    await goesOn(output);
  });

  it('stops when the directory may no longer be written in mid-run', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('only root may act for others');
    const output = at('guarded/run');
    mkdirSync(at('guarded'));
    chmodSync(at('guarded'), 0o777);
    const take = () => {
      chmodSync(output, 0o555);
      return true;
    };
    const end = await asNobody(() => whileWriting(output, take, () => train(output, ...steps)));
    expect(end).toMatchObject(stopped(output, /no permission/));
    chmodSync(output, 0o755);
    await goesOn(output);
  });
});

describe('T20 disk-full: merge, export, predict', () => {
  const commands = {
    merge: (path: string) => runCommand(['merge', '--model', at('adapter'), '--output', join(path, 'out'), '--json']),
    export: (path: string) =>
      runCommand(['export', '--model', at('whole'), '--output', join(path, 'out.onnx'), '--json']),
    predict: (path: string) =>
      runCommand([
        ...['predict', '--model', at('whole'), '--data', at('many.csv'), '--text-column', 'text', '--json'],
        ...['--output', join(path, 'out.csv'), '--threads', '1', '--keep-columns'],
      ]),
  };
  const each = Object.entries(commands);
  beforeAll(() => {
    file('many.csv', `text,note\n${`the cat,${'long '.repeat(400)}\n`.repeat(20)}`);
  });

  it.for(each)('%s leaves nothing half-written on a full disk', async ([, command], { skip }) => {
    const { path, remount } = disk(16_384, skip);
    expect(await command(path)).toMatchObject(stopped(path, FULL));
    expect(readdirSync(path).filter((name) => name !== 'out')).toEqual([]);
    if (existsSync(join(path, 'out'))) expect(readdirSync(join(path, 'out'))).toEqual([]);
    remount('size=16m');
    expect((await command(path)).code).toBe(0);
  });

  it.for(each)('%s names a directory that it may not write', async ([, command], { skip }) => {
    if (process.getuid?.() !== 0) skip('only root may act for others');
    const closed = at('closed');
    mkdirSync(closed, { recursive: true, mode: 0o755 });
    expect(await asNobody(() => command(closed))).toMatchObject(stopped(closed, /./));
    expect(readdirSync(closed)).toEqual([]);
  });
});

describe('audit F8: what interrupted commands left of a file', () => {
  const uuid = '01234567-89ab-4cde-8f01-23456789abcd';

  it('is removed at the next export to it, and nothing else is', async () => {
    mkdirSync(at('exports'));
    const foreign = [`other.onnx.${uuid}.tmp`, 'model.onnx.mine.tmp', `my-model.onnx.${uuid}.tmp`];
    for (const name of [...foreign, `model.onnx.${uuid}.tmp`]) file(`exports/${name}`, '');
    const { code } = await runCommand(['export', '--model', at('whole'), '--output', at('exports/model.onnx')]);
    expect(code).toBe(0);
    expect(readdirSync(at('exports')).sort()).toEqual([...foreign, 'model.onnx'].sort());
  });

  it('is left to a command that writes the file meanwhile', async () => {
    mkdirSync(at('busy'));
    file(`busy/model.onnx.${uuid}.tmp`, 'half');
    const unlock = await nodeStorage(at('busy')).lock('.model.onnx.attune.lock');
    const { code } = await runCommand(['export', '--model', at('whole'), '--output', at('busy/model.onnx')]);
    expect(code).toBe(3);
    expect(readFileSync(at(`busy/model.onnx.${uuid}.tmp`), 'utf8')).toBe('half');
    await unlock();
  });
});
