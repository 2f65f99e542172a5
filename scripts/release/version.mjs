// `npm run release:version`: raises the versions as the changesets say, and with them what repeats the version: the
// constant of core, which checkpoints keep, and the lock file.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from '../setup.mjs';

run('npx', ['changeset', 'version']);
const core = new URL('../../packages/core/', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', core), 'utf8'));
const constant = fileURLToPath(new URL('src/version.ts', core));
writeFileSync(constant, readFileSync(constant, 'utf8').replace(/(VERSION: string = )'.*'/, `$1'${version}'`));
run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--silent']);
