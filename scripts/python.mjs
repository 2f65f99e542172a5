// The Python that proves in CI what Attune's files are worth: torch, transformers and PEFT, as bench/python pins them.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './setup.mjs';

const requirements = `${root}bench/python/requirements.txt`;

/**
 * The interpreter: `ATTUNE_PYTHON` where that is set, else that of an environment in the user's cache directory, which is
 * made where it is missing (a minute and a half; 5.7 GB, because PyPI's torch for Linux brings CUDA's libraries).
 */
export function pythonForProofs() {
  if (process.env.ATTUNE_PYTHON) return process.env.ATTUNE_PYTHON;
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'attune');
  const complete = join(cache, `python-${version}.complete`);
  const environment = join(cache, `python-${version}`);
  const interpreter = join(environment, 'bin', 'python');
  if (existsSync(complete)) return interpreter;
  console.log(`installing torch, transformers and PEFT into ${environment}`);
  mkdirSync(cache, { recursive: true });
  rmSync(environment, { recursive: true, force: true });
  run('python3', ['-m', 'venv', environment]);
  run(interpreter, ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', '-r', requirements]);
  run(interpreter, ['-c', 'import torch, transformers, peft, safetensors'], { stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(complete, '');
  return interpreter;
}
