/** The examples of the documentation: every block of TypeScript that begins with an import is checked and run. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = ['README.md', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`)];
const examples = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/```ts\n(import[\s\S]*?)```/g)].map((match, index) => ({
    page,
    file: `${page.replace(/\W/g, '-')}-${index}.ts`,
    code: match[1]!,
  })),
);
const rows = [
  'I lost my card,card',
  'my card was stolen,card',
  'I want my money back,refund',
  'please refund me,refund',
];
const before = process.cwd();
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-readme-'));
  for (const { file, code } of examples) writeFileSync(join(folder, file), code);
  writeFileSync(join(folder, 'train.csv'), ['message,intent', ...rows].join('\n'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(folder, 'runs'));
  const model = sharedPath('models/all-minilm-l6-v2');
  if (existsSync(model)) symlinkSync(model, join(folder, 'all-MiniLM-L6-v2'));
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

test('every package has a page with an example, but for the command', () => {
  const shown = new Set(examples.map(({ page }) => page));
  expect(pages.filter((page) => !shown.has(page))).toEqual(['packages/cli/README.md']);
});

test('every page is linked from the README and from docs/concepts.md', () => {
  const [readme, concepts] = ['README.md', 'docs/concepts.md'].map((page) => readFileSync(join(root, page), 'utf8'));
  for (const name of readdirSync(join(root, 'packages'))) {
    expect(readme).toContain(`(packages/${name})`);
    expect(concepts).toContain(`(../packages/${name}/README.md)`);
  }
});

test('the examples have the right types, by the declarations of the built packages', () => {
  const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions: { noEmit: true }, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
}, 120_000);

describe.skipIf(skipsGolden)('the examples run', () => {
  test.each(examples)(
    '$file',
    async ({ file }) => {
      vi.spyOn(console, 'log').mockImplementation(() => {});
      await import(/* @vite-ignore */ join(folder, file));
    },
    120_000,
  );
});
