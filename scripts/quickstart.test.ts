import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('quickstart.mjs', import.meta.url));
const quickstart = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

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
