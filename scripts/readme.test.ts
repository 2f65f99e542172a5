/** The examples of the documentation: every block of TypeScript that begins with an import is checked and run. `npm run
 * release:check` runs the README's commands. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const packagePages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`);
const pages = ['README.md', 'docs/add-an-architecture.md', 'docs/generation.md', 'docs/chat.md', ...packagePages];
const examples = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/```ts\n(import[\s\S]*?)```/g)].map((match, index) => ({
    page,
    file: `${page.replace(/\W/g, '-')}-${index}.ts`,
    code: match[1]!,
  })),
);
/** The table that the README's reader writes first. */
const table = readFileSync(join(root, 'README.md'), 'utf8').match(/^cat > train\.csv <<'END'\n([\s\S]*?)^END$/m)?.[1];
const before = process.cwd();
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-readme-'));
  for (const { file, code } of examples) writeFileSync(join(folder, file), code);
  writeFileSync(join(folder, 'train.csv'), table ?? '');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(folder, 'runs'));
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

/** WebGPU needs a graphics card or Chromium's software adapter, which CI has. */
const lacksAdapter = !process.env.CI && !process.env.VK_ICD_FILENAMES;

test.each(examples.filter(({ page }) => !lacksAdapter || page !== 'packages/backend-webgpu/README.md'))(
  'field 8: $file runs, with nothing but what its page tells to install',
  async ({ file }) => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    await import(/* @vite-ignore */ join(folder, file));
  },
  120_000,
);
