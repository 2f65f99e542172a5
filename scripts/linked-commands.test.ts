/** Field 7: npm links a command at install only if its file exists, and in a fresh clone `dist` is built later. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface PackageJson {
  readonly bin?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const commands = readdirSync(join(root, 'packages')).flatMap((name) => {
  const { bin, files }: PackageJson = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
  return Object.entries(bin ?? {}).map(([command, file]) => ({ command, path: join('packages', name, file), files }));
});

describe.each(commands)('field 7: $command', ({ command, path, files }) => {
  it('starts by a file that is committed and published', () => {
    const { stdout } = spawnSync('git', ['ls-files', '--stage', path], { cwd: root, encoding: 'utf8' });
    expect(stdout).toMatch(/^100755 /);
    expect(files).toContain('bin');
  });

  it('is linked', () => {
    const { status, stdout } = spawnSync(join(root, 'node_modules/.bin', command), ['--help'], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringContaining(command)]);
  });

  it('says what to do before it is built', () => {
    const folder = mkdtempSync(join(tmpdir(), 'attune-linked-'));
    mkdirSync(join(folder, 'bin'));
    const copy = join(folder, 'bin/command.mjs');
    copyFileSync(join(root, path), copy);
    const { status, stdout, stderr } = spawnSync(process.execPath, [copy], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([
      1,
      '',
      `${command} is not built yet: run npm run build in the repository first.\n`,
    ]);
    rmSync(folder, { recursive: true });
  });
});
