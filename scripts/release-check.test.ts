/** `npm run release:check`, where CI is set: it fetches the dependencies of the packages from npm with an empty cache. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('release/check.mjs', import.meta.url));

it.skipIf(!process.env.CI)(
  'a release installs from a registry, does what README.md promises, and upgrades',
  () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 900_000 });
    console.log(stdout);
    expect([status, stderr]).toEqual([0, '']);
    for (const title of ['publish 0.1.0', 'npx attune train', 'its program', 'publish 0.1.1', 'upgrade', 'in all']) {
      expect(stdout).toMatch(new RegExp(`^ *[\\d.]+ s  .*${title}`, 'm'));
    }
  },
  960_000,
);
