// The Pythons that prove what Attune's files are worth and that it is measured beside, as bench/python pins their libraries.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './setup.mjs';

const requirements = (name) => `${root}bench/python/${name}`;

/** The interpreter with torch, transformers and PEFT: `ATTUNE_PYTHON` where that is set, else one of its own. */
export const pythonForProofs = () =>
  process.env.ATTUNE_PYTHON ?? environment('python', ['requirements.txt'], 'torch, transformers, peft, safetensors');

/** The interpreter with the libraries for transfer learning too: `ATTUNE_TRANSFER_PYTHON` where that is set. */
export const pythonForTransfer = () =>
  process.env.ATTUNE_TRANSFER_PYTHON ??
  environment(
    'python-transfer',
    ['requirements.txt', 'transfer-requirements.txt'],
    'torch, sklearn, setfit, sentence_transformers, gensim, fastai',
  );

/**
 * The interpreter of an environment in the user's cache directory, which is made where it is missing (some minutes; about
 * 6 GB, because PyPI's torch for Linux brings CUDA's libraries).
 * @param files what it is named after; the last one is installed
 */
function environment(name, files, modules) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(requirements(file)));
  const version = hash.digest('hex').slice(0, 12);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'attune');
  const complete = join(cache, `${name}-${version}.complete`);
  const directory = join(cache, `${name}-${version}`);
  const interpreter = join(directory, 'bin', 'python');
  if (existsSync(complete)) return interpreter;
  console.log(`installing ${modules} into ${directory}`);
  mkdirSync(cache, { recursive: true });
  rmSync(directory, { recursive: true, force: true });
  run('python3', ['-m', 'venv', directory]);
  run(interpreter, ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', '-r', requirements(files.at(-1))]);
  run(interpreter, ['-c', `import ${modules}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(complete, '');
  return interpreter;
}
