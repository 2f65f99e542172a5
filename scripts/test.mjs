// `npm test`: sets up everything and runs all checks and tests. `npm test -- FILTER` runs the tests that match only.
// Where `CI` is set, Python's transformers and PEFT and native TensorFlow are installed too, and tests that need them must
// run.
import { existsSync } from 'node:fs';
import { pythonForProofs } from './python.mjs';
import { install, run } from './setup.mjs';

const filters = process.argv.slice(2);
install();
const checks = filters.length === 0 ? ['lint', 'typecheck'] : [];
run('npx', ['turbo', 'run', ...checks, 'build', '--concurrency=100%', '--output-logs=errors-only']);
if (filters.length === 0) {
  run('npm', ['run', '--silent', 'check:packages']);
  installTools();
}
const proofs = process.env.CI ? { ATTUNE_PYTHON: pythonForProofs(), ...tensorFlow() } : {};
run('npx', ['vitest', 'run', ...filters], { env: { ...process.env, ...proofs } });

/** Sets native TensorFlow up as a user would, a minute where it is not there yet; the tests then require it. */
function tensorFlow() {
  run('node', ['packages/backend-tfjs/dist/setup.js']);
  return { ATTUNE_REQUIRE: [process.env.ATTUNE_REQUIRE, 'tensorflow'].filter(Boolean).join() };
}

/**
 * The browser tests need Debian's chromium, the test of privacy strace; elsewhere, and without root, they say that they were
 * not run.
 */
function installTools() {
  const missing = ['chromium', 'strace'].filter((name) => !existsSync(`/usr/bin/${name}`));
  if (missing.length === 0 || !existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) return;
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', ...missing], { stdio: ['ignore', 'ignore', 'inherit'] });
}
