/** Sets native TensorFlow up, verifies it, and takes it away again. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { AttuneError, isAttuneError } from '@attune/ir';
import { type Installation, type SetupRecord, TENSORFLOW_VERSION } from '../native/installation.js';
import { compileBinding } from './node-compile.js';
import { ensureTensorFlow } from './node-environment.js';

export interface SetUpOptions {
  readonly python: string;
  readonly compiler: string;
  /** Takes a line about each thing that was done. */
  readonly say: (line: string) => void;
  /** Multiplies matrices in another process, and returns what device they were multiplied on. */
  readonly verify: () => Promise<string>;
}

/** @throws AttuneError `E_BACKEND_UNAVAILABLE`; what was done stays, and the next call goes on from there */
export async function setUp(installation: Installation, options: SetUpOptions): Promise<void> {
  const { python, compiler, say, verify } = options;
  requireLinux();
  mkdirSync(installation.directory, { recursive: true });
  const tensorflow = await ensureTensorFlow(installation, { python, say });
  if (await stillWorks(installation, options)) return;
  // Written last: a binding without it does not count.
  rmSync(installation.record, { force: true });
  const start = performance.now();
  const version = await compileBinding(installation, tensorflow, compiler);
  say(`compiled ${installation.binding} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  const record: SetupRecord = { tensorflow: TENSORFLOW_VERSION, sources: version };
  writeFileSync(installation.record, `${JSON.stringify(record)}\n`);
  say(`multiplied matrices on ${await verify()}`);
}

/** Whether an earlier setup left a binding that works. */
async function stillWorks(installation: Installation, { say, verify }: SetUpOptions): Promise<boolean> {
  if (!existsSync(installation.record) || !existsSync(installation.binding)) return false;
  try {
    const device = await verify();
    say(`found ${installation.binding}`);
    say(`multiplied matrices on ${device}`);
    return true;
  } catch (error) {
    if (!isAttuneError(error)) throw error;
    say(`compiling again: ${error.message}`);
    return false;
  }
}

/** Removes everything that `setUp` made. Returns whether there was anything. */
export function takeAway({ directory }: Installation, say: (line: string) => void): boolean {
  if (!existsSync(directory)) return false;
  rmSync(directory, { recursive: true });
  say(`removed ${directory}`);
  return true;
}

function requireLinux(): void {
  if (process.platform === 'linux') return;
  throw new AttuneError(
    'E_BACKEND_UNAVAILABLE',
    `Native TensorFlow is set up on Linux only, not on ${process.platform}.`,
    {
      field: 'platform',
      hint: 'npm install @tensorflow/tfjs-core@4.22 @tensorflow/tfjs-backend-wasm@4.22',
    },
  );
}
