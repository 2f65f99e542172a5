// `npm test`: sets up everything and runs all checks and tests. `npm test -- FILTER` runs the tests that match only.
import { existsSync } from 'node:fs';
import { install, run } from './setup.mjs';

const filters = process.argv.slice(2);
install();
if (filters.length === 0) {
  run('npm', ['run', '--silent', 'lint']);
  run('npm', ['run', '--silent', 'typecheck']);
}
run('npx', ['turbo', 'run', 'build', '--output-logs=errors-only']);
if (filters.length === 0) installChromium();
run('npx', ['vitest', 'run', ...filters]);

/** The browser tests need Debian's chromium; elsewhere, and without root, they say that they were not run. */
function installChromium() {
  if (existsSync('/usr/bin/chromium') || !existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) return;
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', 'chromium'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
