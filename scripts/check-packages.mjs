// `npm run check:packages`: what a user of the built packages would stumble over. publint and attw look at every package
// as it would be published; knip looks for files, exports and dependencies that nothing uses; bundles for browsers have a
// limit.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { root, run } from './setup.mjs';

const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
let problems = 0;
for (const pkgDir of packages) {
  const { messages, pkg } = await publint({ pkgDir, strict: true });
  for (const message of messages) console.error(`${pkg.name}: ${formatMessage(message, pkg, { color: false })}`);
  problems += messages.length;
}
if (problems > 0) process.exit(1);
console.log(`publint: ${packages.length} packages, no problem`);
for (const directory of packages) {
  run('npx', ['attw', '--pack', directory, '--profile', 'esm-only', '--quiet']);
}
console.log(`attw: ${packages.length} packages, no problem`);
run('npx', ['knip', '--no-progress', '--treat-config-hints-as-errors']);
console.log('knip: nothing unused');
run('node', ['scripts/bundle-size.mjs']);
