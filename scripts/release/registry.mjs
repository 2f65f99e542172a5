// A registry on this machine, by verdaccio, that holds the packages of the release check, and asks npm's for all others.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { root } from '../setup.mjs';
import { output } from './steps.mjs';

/** Installs verdaccio in a folder. */
export async function installRegistry(folder) {
  cpSync(join(root, 'scripts/release/registry'), folder, { recursive: true });
  await output('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
}

/** Starts it. @returns its address and what stops it */
export async function startRegistry(folder) {
  const port = await freePort();
  mkdirSync(join(folder, 'storage'));
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      storage: join(folder, 'storage'),
      web: { enable: false },
      uplinks: { npm: { url: await registryOfNpm(), timeout: '60s', cache: false } },
      packages: {
        '{attune,@attune/*}': { access: '$all', publish: '$all', unpublish: '$all' },
        '**': { access: '$all', proxy: 'npm' },
      },
      max_body_size: '100mb',
      log: { type: 'stdout', format: 'pretty', level: 'warn' },
    }),
  );
  const program = join(folder, 'node_modules/verdaccio/bin/verdaccio');
  const args = [program, '--config', join(folder, 'config.json'), '--listen', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const ended = new Promise((resolve) => child.on('close', resolve));
  const address = `http://127.0.0.1:${port}/`;
  for (const deadline = Date.now() + 60_000; ; await setTimeout(200)) {
    if (
      await fetch(`${address}-/ping`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`The registry does not start:\n${said}`);
  }
  return {
    address,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** The registry that npm uses here. */
async function registryOfNpm() {
  return (await output('npm', ['config', 'get', 'registry'], { cwd: root })).trim();
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
