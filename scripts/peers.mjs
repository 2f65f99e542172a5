// npm packages that benchmarks measure Attune beside. Nobody who installs Attune gets them: they are no dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'attune');

/**
 * Installs packages into the user's cache directory, unless they are there.
 * @param packages with their exact versions
 * @returns the directory to resolve them from; undefined if npm cannot install them
 */
export function peerDirectory(...packages) {
  const directory = join(cache, packages[0].replace(/[@/]+/g, '-').replace(/^-/, ''));
  const complete = join(directory, 'complete');
  if (existsSync(complete)) return directory;
  console.log(`installing ${packages.join(' and ')} into ${directory}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
  const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['install', ...options, ...packages], { cwd: directory, stdio: 'inherit' });
  if (status !== 0) return undefined;
  writeFileSync(complete, '');
  return directory;
}
