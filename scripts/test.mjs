// `npm test`: sets up everything and runs all checks and tests. `npm test -- FILTER` runs the tests that match only.
// Where `CI` is set, Python's transformers and PEFT and native TensorFlow are installed too, and tests that need them must
// run.
import { pythonForProofs } from './python.mjs';
import { install, run, start } from './setup.mjs';

const filters = process.argv.slice(2);
install();
// Beside the build: they wait for the network and the disk.
const tools = start('node', ['scripts/test-tools.mjs', ...(filters.length === 0 ? ['--system'] : [])]);
const checks = filters.length === 0 ? ['lint', 'typecheck'] : [];
run('npx', ['turbo', 'run', ...checks, 'build', '--concurrency=100%', '--output-logs=errors-only']);
if (filters.length === 0) run('npm', ['run', '--silent', 'check:packages']);
const proofs = process.env.CI ? tensorFlow() : {};
await tools;
if (process.env.CI) proofs.ATTUNE_PYTHON = pythonForProofs();
run('npx', ['vitest', 'run', ...filters], { env: { ...process.env, ...proofs } });

/** Sets native TensorFlow up as a user would, a minute where it is not there yet; the tests then require it. */
function tensorFlow() {
  run('node', ['packages/backend-tfjs/dist/setup.js']);
  return { ATTUNE_REQUIRE: [process.env.ATTUNE_REQUIRE, 'tensorflow'].filter(Boolean).join() };
}
