// Installs what tests start beside our own programs: with `--system` Debian's packages, and where `CI` is set Python's torch.
import { existsSync } from 'node:fs';
import { pythonForProofs } from './python.mjs';
import { run } from './setup.mjs';

if (process.argv.includes('--system')) installPackages();
if (process.env.CI) pythonForProofs();

/**
 * The browser tests need Debian's chromium, the test of privacy strace; elsewhere, and without root, they say that they were
 * not run.
 */
function installPackages() {
  const missing = ['chromium', 'strace'].filter((name) => !existsSync(`/usr/bin/${name}`));
  if (missing.length === 0 || !existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) return;
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', ...missing], { stdio: ['ignore', 'ignore', 'inherit'] });
}
