/** T23: `attune export`, ended by a signal at the moment when a certain file is opened. */
import { readdirSync, readFileSync } from 'node:fs';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testFolder } from './testing/run-command.js';

const opened = vi.hoisted(() => ({ listener: (_path: string): void => {} }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, ...options) => {
    const file = await real.open(path, ...options);
    opened.listener(String(path));
    return file;
  };
  return { ...real, open };
});

const { runCommand } = await import('./testing/run-command.js');
const folder = testFolder();
const { at, file } = folder;

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('base')));
  file('train.csv', 'text,label\nthe cat,cat\nthe dog,dog\n');
  const { code } = await runCommand([
    ...['train', '--model', at('base'), '--train', at('train.csv'), '--output', at('model'), '--strategy', 'full'],
    ...['--max-length', '8', '--max-steps', '1', '--threads', '1'],
  ]);
  expect(code).toBe(0);
});
afterAll(() => folder.remove());

/** @param when a signal arrives as soon as a file of that name is open */
async function exportUntil(when: RegExp | undefined, output: string): Promise<number> {
  let isSent = false;
  opened.listener = (path) => {
    if (isSent || !when?.test(path)) return;
    isSent = true;
    process.emit('SIGTERM');
  };
  const { code } = await runCommand(['export', '--model', at('model'), '--output', at(output), '--max-length', '8']);
  expect(isSent).toBe(when !== undefined);
  return code;
}

describe('T23 sigint-sigterm: export', () => {
  it('while the model is read: nothing is written', async () => {
    expect(await exportUntil(/model\.safetensors$/, 'never.onnx')).toBe(143);
    expect(readdirSync(folder.path)).toEqual(['base', 'model', 'train.csv']);
  });

  it('while the file is written: it is finished', async () => {
    expect(await exportUntil(undefined, 'whole.onnx')).toBe(0);
    expect(await exportUntil(/late\.onnx\..*\.tmp$/, 'late.onnx')).toBe(143);
    expect(readdirSync(folder.path)).toEqual(['base', 'late.onnx', 'model', 'train.csv', 'whole.onnx']);
    expect(readFileSync(at('late.onnx')).equals(readFileSync(at('whole.onnx')))).toBe(true);
  });
});
