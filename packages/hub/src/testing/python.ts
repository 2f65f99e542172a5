/** For tests: the shared fixtures, and Python's transformers and PEFT, which load what Attune wrote. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** A path in the shared folder: `ATTUNE_SHARED`, or the one beside the repository. */
export const sharedPath = (path: string): string => join(process.env.ATTUNE_SHARED ?? join(root, '../shared'), path);

/** Whether tests with golden values are left out: where the shared folder is not there, but never in CI. */
export const skipsGolden = !existsSync(sharedPath('golden')) && !process.env.CI;

/** A Python with torch, transformers and PEFT: `ATTUNE_PYTHON`, the repository's .venv, or the machine's. */
export const python = [process.env.ATTUNE_PYTHON, `${root}.venv/bin/python`, '/opt/attune/venv/bin/python'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Whether tests with Python are left out: where there is none, but never in CI. */
export const skipsPython = skipsGolden || (python === undefined && !process.env.CI);

export interface LoadCheck {
  readonly shape: readonly number[];
  /** Nested as `shape` says. */
  readonly logits: readonly unknown[];
  readonly id2label: Readonly<Record<string, string>>;
  /** What PEFT would train of an adapter's model. */
  readonly trainable: readonly string[];
}

/**
 * Runs bench/python/load_check.py, which fails where a tensor is missing, unexpected or of another shape. An option with
 * an empty value is a flag.
 */
export async function loadCheck(options: Readonly<Record<string, string>>): Promise<LoadCheck> {
  const flags = Object.entries(options).flatMap(([name, value]) =>
    value === '' ? [`--${name}`] : [`--${name}`, value],
  );
  const run = promisify(execFile);
  const { stdout } = await run(python ?? 'python3', [`${root}bench/python/load_check.py`, ...flags], {
    maxBuffer: 1 << 28,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}
