/** For tests: where the shared fixtures and a Python with transformers and PEFT are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
