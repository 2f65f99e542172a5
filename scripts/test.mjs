// `npm test`: sets up everything and runs all checks and tests. `npm test -- FILTER` runs the tests that match only.
import { install, run } from './setup.mjs';

const filters = process.argv.slice(2);
install();
if (filters.length === 0) {
  run('npm', ['run', '--silent', 'lint']);
  run('npm', ['run', '--silent', 'typecheck']);
}
run('npx', ['turbo', 'run', 'build', '--output-logs=errors-only']);
run('npx', ['vitest', 'run', ...filters]);
