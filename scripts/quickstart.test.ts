import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const script = join(root, 'scripts/quickstart.mjs');
const folder = mkdtempSync(join(tmpdir(), 'attune-quickstart-test-'));
const quickstart = (...args: string[]) =>
  spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env: { ...process.env, TMPDIR: folder } });

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['an unknown option', ['--modle', 'x'], /Unknown option '--modle'/],
  ['a word', ['x'], /Unexpected argument 'x'/],
  ['an option without its value', ['--model'], /argument missing/],
  ['a directory without a model', ['--model=/nowhere'], /\/nowhere holds no model/],
  ['the same in two words', ['--model', '/nowhere'], /\/nowhere holds no model/],
])('npm run quickstart refuses %s before it builds anything', (_, args, message) => {
  const { status, stdout, stderr } = quickstart(...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(message);
});

describe('field 7: the command after the quickstart', () => {
  it('is printed as it can be typed, and answers', async () => {
    const model = join(folder, 'tiny');
    await writeTinyBert(nodeStorage(model));
    const { status, stdout, stderr } = quickstart('--model', model);
    expect([status, stderr]).toEqual([0, '']);
    const printed = stdout.match(/^ *(npx attune .*)$/m)?.[1];
    const answer = spawnSync(printed ?? 'false', { shell: true, cwd: root, encoding: 'utf8' });
    expect(answer).toMatchObject({ status: 0, stderr: '' });
    expect(answer.stdout.trim()).not.toBe('');
  }, 180_000);
});
