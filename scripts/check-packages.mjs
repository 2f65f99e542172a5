// `npm run check:packages`: what a user of the built packages would stumble over. publint and attw look at every package
// as it would be published; knip looks for files, exports and dependencies that nothing uses; bundles for browsers have a
// limit.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { root, run } from './setup.mjs';

const names = readdirSync(join(root, 'packages'));
const folder = mkdtempSync(join(tmpdir(), 'attune-packed-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const workspaces = names.flatMap((name) => ['--workspace', `packages/${name}`]);
run('npm', ['pack', ...workspaces, '--ignore-scripts', '--silent', '--pack-destination', folder], { stdio: 'ignore' });
const packages = readdirSync(folder).map((file) => join(folder, file));

let problems = 0;
for (const tarball of packages) {
  const { buffer } = new Uint8Array(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  for (const message of messages) console.error(`${pkg.name}: ${formatMessage(message, pkg, { color: false })}`);
  problems += messages.length;
}
if (problems > 0) process.exit(1);
console.log(`publint: ${packages.length} packages, no problem`);
for (const tarball of packages) {
  run('npx', ['attw', tarball, '--profile', 'esm-only', '--quiet']);
}
console.log(`attw: ${packages.length} packages, no problem`);
run('npx', ['knip', '--no-progress', '--treat-config-hints-as-errors']);
console.log('knip: nothing unused');
run('node', ['scripts/bundle-size.mjs']);
