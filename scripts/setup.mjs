// What the commands of the README share: install once, build once.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

// For all that is started from here: Turborepo would send telemetry, and announce it on a newcomer's first screen.
process.env.TURBO_TELEMETRY_DISABLED = '1';
process.env.DO_NOT_TRACK = '1';

/** Runs a command in the repository; ends the process where it fails. */
export function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? 1);
}

/** Starts a command in the repository beside others; resolves if it succeeds, and ends the process if it fails. */
export function start(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  process.once('exit', () => child.kill());
  return new Promise((resolve) => {
    child.on('close', (status) => {
      if (status !== 0) process.exit(status ?? 1);
      resolve();
    });
  });
}

/** Installs the packages of the lock file where they are missing. */
export function install() {
  if (!existsSync(`${root}node_modules/.package-lock.json`)) run('npm', ['ci', '--no-fund', '--no-audit']);
}

export function build() {
  install();
  run('npx', ['turbo', 'run', 'build', '--output-logs=errors-only']);
}
