import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeStorage } from '@attune/hub/node';
import { openSavedModel } from '@attune/inference';
import { modelPlace } from '@attune/inference/node-model-package';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from './testing/run-command.js';

const before = process.cwd();
let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'attune-package-')));
  await writeTinyBert(nodeStorage(join(folder, 'node_modules/@someone/tiny')));
  await writeTinyBert(nodeStorage(join(folder, 'node_modules/tiny')));
  await mkdir(join(folder, 'node_modules/code'));
  await mkdir(join(folder, 'project/src'), { recursive: true });
  process.chdir(join(folder, 'project/src'));
});
afterEach(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

test.each(['@someone/tiny', 'tiny'])('field 8: %s is a model by the name of its installed package', async (name) => {
  expect(await modelPlace(name)).toBe(join(folder, 'node_modules', name));
  expect(await openSavedModel(name)).toMatchObject({ basePath: join(folder, 'node_modules', name), kind: 'model' });
});

test('field 8: the base of the repository is found beside the command', async () => {
  const place = await modelPlace('@attune/base-mini');
  expect(place && (await realpath(place))).toMatch(/packages[\\/]base-mini$/);
});

test('field 8: a directory comes before a package of the same name', async () => {
  await writeTinyBert(nodeStorage(join(folder, 'project/src/tiny')));
  expect(await modelPlace('tiny')).toBe(join(folder, 'project/src/tiny'));
});

test.each(['code', '@someone', '@no/one', '../tiny', 'someone/tiny', '@someone/../tiny', '@someone/tiny/'])(
  'field 8: %j is no package with a model',
  async (name) => {
    expect(await modelPlace(name)).toBeUndefined();
    await expect(openSavedModel(name)).rejects.toMatchObject({
      code: 'E_FILE_MISSING',
      field: 'model',
      ...(name === '@no/one' ? { hint: 'npm install @no/one' } : {}),
    });
  },
);

test('field 8: an adapter on a package finds it after both have moved', async () => {
  const rows = ['good', 'bad'].flatMap((word) => [1, 2, 3].map((count) => `${word} ${count},${word}`));
  await writeFile('train.csv', `text,label\n${rows.join('\n')}\n`);
  const trained = ['--model', '@someone/tiny', '--train', 'train.csv', '--strategy', 'lora', '--output', 'run'];
  expect(await runCommand(['train', ...trained, '--max-steps', '1'])).toMatchObject({ code: 0 });
  const moved = `${folder}-moved`;
  process.chdir(before);
  await rename(folder, moved);
  folder = moved;
  process.chdir(join(folder, 'project/src'));
  expect(await openSavedModel('run')).toMatchObject({
    basePath: join(folder, 'node_modules/@someone/tiny'),
    kind: 'adapter',
  });
});
