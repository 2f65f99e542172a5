/** Bundles the training process of `child.ts` from the sources and runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundleScript } from '@attune/hub/testing/bundle';

const here = dirname(fileURLToPath(import.meta.url));

export const temporaryDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'attune-trainer-'));

/** The path of the bundled script. */
export const bundleChild = (): Promise<string> => bundleScript(join(here, 'child.ts'));

export interface ChildEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface ChildRun {
  readonly process: ChildProcess;
  /** What it printed so far. */
  readonly events: readonly ChildEvent[];
  /** Settles when the process is gone: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Settles with the first event that the test takes; never where none comes. */
  seen(test: (event: ChildEvent) => boolean): Promise<ChildEvent>;
}

export function runChild(script: string, environment: Readonly<Record<string, string>>): ChildRun {
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events: ChildEvent[] = [];
  const waiting: { readonly test: (event: ChildEvent) => boolean; readonly resolve: (event: ChildEvent) => void }[] =
    [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const event: ChildEvent = JSON.parse(line);
    events.push(event);
    for (const { test, resolve } of waiting) if (test(event)) resolve(event);
  });
  return {
    process: child,
    events,
    ended: new Promise((resolve) => {
      child.on('close', (code, signal) => resolve(code ?? signal ?? 1));
    }),
    seen: (test) =>
      new Promise((resolve) => {
        const known = events.find(test);
        if (known) resolve(known);
        else waiting.push({ test, resolve });
      }),
  };
}
