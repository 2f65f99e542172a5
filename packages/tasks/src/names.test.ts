/** Nothing outside a task's file asks which task it is: its name and its other names stand nowhere else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { featureExtractionTask } from './feature-extraction.js';
import { trainedTasks } from './list.js';
import type { TrainedTask } from './task.js';

const packages = fileURLToPath(new URL('../../', import.meta.url));

/** Where names may stand all the same. */
const exceptions: readonly { readonly path: RegExp; readonly why: string }[] = [
  { path: /\.test\.ts$|\/testing\//, why: 'tests ask for a task as a user does' },
  { path: /^cli\/src\/help\.ts$/, why: 'examples of the help are documentation' },
];

const sources = function* (folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (path.endsWith('.ts')) yield path;
  }
};

const files = readdirSync(packages)
  .flatMap((name) => [...sources(join(packages, name, 'src'))])
  .map((file) => ({ path: relative(packages, file), text: readFileSync(file, 'utf8') }))
  .filter(({ path }) => !exceptions.some((exception) => exception.path.test(path)))
  // A module may be called as a task is: an objective, or the task's own file.
  .map(({ path, text }) => ({ path, text: text.replaceAll(/(?:from|import)\s*\(?\s*'[^']+'/g, '') }));

/** Files in which a name stands: as part of any text, or as a whole one if it is a word of the language. */
const filesWith = (name: string, isWord: boolean): readonly string[] =>
  files.filter(({ text }) => (isWord ? text.includes(`'${name}'`) : text.includes(name))).map(({ path }) => path);

const all: readonly TrainedTask[] = Object.values(trainedTasks);

test.each([...all.map(({ name }) => name), featureExtractionTask.name])('%s stands in its own file', (name) => {
  expect(filesWith(name, false)).toEqual([`tasks/src/${name}.ts`]);
});

test.each(all.map(({ name, aliases }) => [name, aliases] as const))(
  'other names of %s stand in its file',
  (name, aliases) => {
    for (const alias of aliases) expect([alias, filesWith(alias, true)]).toEqual([alias, [`tasks/src/${name}.ts`]]);
  },
);

test('an option that several tasks have is one value', () => {
  const seen = new Map<string, unknown>();
  for (const [name, option] of all.flatMap(({ options }) => Object.entries(options))) {
    expect([name, seen.get(name) ?? option]).toEqual([name, option]);
    expect(seen.get(name) ?? option).toBe(option);
    seen.set(name, option);
  }
});

test('no name means two tasks', () => {
  const names = all.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});
