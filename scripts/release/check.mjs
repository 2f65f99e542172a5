// `npm run release:check`: makes a release of a copy of the packages, publishes it to a registry on this machine, and uses
// it as a new user does, by the commands of README.md; then a patch, and the upgrade to it. Nothing of the checkout changes.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { root } from '../setup.mjs';
import { copyRepository, writePatch } from './copy.mjs';
import { readmeExample } from './readme.mjs';
import { installRegistry, startRegistry } from './registry.mjs';
import { output, step } from './steps.mjs';

const began = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'attune-release-'));
const [repository, registryFolder, app, home] = ['repository', 'registry', 'app', 'home'].map((name) =>
  join(folder, name),
);
const gitStatus = () => output('git', ['status', '--porcelain'], { cwd: root });
const before = await gitStatus();
let registry;
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
try {
  await step('copy the packages', () => copyRepository(repository));
  await step('install the registry', () => installRegistry(registryFolder));
  registry = await step('start the registry', () => startRegistry(registryFolder));
  await release('0.1.0');
  const user = newUser();
  const { commands, printed, program } = readmeExample();
  for (const command of commandsOf(commands)) {
    const said = await step(`README: ${command.split('\n')[0]}`, () => user(command));
    if (command.includes('attune predict') && !sameAnswer(said, printed)) {
      throw new Error(`README.md promises\n${printed}\nand its reader gets\n${said}`);
    }
  }
  const { code } = await transform(program, { loader: 'ts', format: 'esm', target: 'node20' });
  writeFileSync(join(app, 'example.mjs'), code);
  await step('README: its program', () => user('node example.mjs'));
  requireVersion('0.1.0');
  writePatch(repository);
  await release('0.1.1');
  await step('upgrade', () => user('npm update'));
  requireVersion('0.1.1');
  await step('the upgraded command uses the model of the old one', () => user(commandsOf(commands).at(-1)));
} finally {
  await registry?.stop();
}
if ((await gitStatus()) !== before) throw new Error('The check changed the checkout.');
console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  in all: the release can be published`);

/** Versions, builds what the version is written into, and publishes. */
async function release(version) {
  const options = { cwd: repository };
  await step(`version ${version}`, () => output('node', ['scripts/release/version.mjs'], options));
  await step('build core, which knows its version', () =>
    output('npm', ['exec', '--workspace', '@attune/core', '--', 'tsup', '--no-clean'], options),
  );
  // Both names: changesets asks for packages of a scope by the second.
  const address = { npm_config_registry: registry.address, 'npm_config_@attune:registry': registry.address };
  const login = join(folder, 'login.npmrc');
  writeFileSync(login, `//${new URL(registry.address).host}/:_authToken=nobody\n`);
  const env = { ...process.env, ...address, npm_config_userconfig: login };
  await step(`publish ${version}`, () => output('npx', ['changeset', 'publish', '--no-git-tag'], { ...options, env }));
}

/** An empty directory, home and cache, and the registry of this check, which has the packages of others from npm's. */
function newUser() {
  for (const place of [app, home]) mkdirSync(place);
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
  writeFileSync(join(app, '.npmrc'), `registry=${registry.address}\nignore-scripts=true\naudit=false\nfund=false\n`);
  const { PATH, NODE_EXTRA_CA_CERTS, TMPDIR } = process.env;
  const env = { PATH, NODE_EXTRA_CA_CERTS, TMPDIR, HOME: home, NO_COLOR: '1' };
  return (command) => output('sh', ['-ec', command], { cwd: app, env });
}

/** The commands of a block for the shell; one goes on in lines that end in a backslash, and to the end of its here-document. */
function commandsOf(block) {
  return block.match(/^.*<<'(\w+)'\n[\s\S]*?^\1$|^(?:.*\\\n)*.+$/gm);
}

/** The text and its most probable label; the probabilities differ between machines. */
function sameAnswer(said, printed) {
  const [got, wanted] = [said, printed].map((text) => text.trim().split(/\s+[\d.]+\s?%/)[0]);
  return got === wanted;
}

/** All installed packages of Attune have the version, each once. */
function requireVersion(version) {
  const { packages } = JSON.parse(readFileSync(join(app, 'package-lock.json'), 'utf8'));
  const found = Object.entries(packages).filter(([path]) => /node_modules\/(@attune\/|attune$)/.test(path));
  const wrong = found.filter(([path, entry]) => path.lastIndexOf('node_modules') > 0 || entry.version !== version);
  if (wrong.length > 0)
    throw new Error(`Not at ${version}: ${wrong.map(([path, entry]) => `${path} ${entry.version}`)}`);
  // The suite for authors of backends is no part of what users install.
  const published = readdirSync(join(root, 'packages')).filter((name) => name !== 'conformance');
  const missing = published.filter((name) => !packages[`node_modules/${name === 'attune' ? name : `@attune/${name}`}`]);
  if (missing.length > 0) throw new Error(`Not installed: ${missing}`);
}
