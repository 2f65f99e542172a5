/** Where models and adapters lie, in Node. */
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { directoryKind, type Storage } from '@attune/hub';
import { isPickled, modelRecipe, unsafeFormat } from '@attune/hub/internal';
import { nodeModelDirectory, nodeStorage } from '@attune/hub/node';
import { AttuneError } from '@attune/ir';
import { MERGED_BASE } from './merged-base.js';
import { modelPackageDirectory, modelPlace } from './node-model-package.js';

/**
 * The directory of a model or an adapter, by its path or by the npm package that holds it.
 * @throws AttuneError `E_FILE_MISSING` where nothing is there, `E_CONFIG` for a file or a checkpoint
 */
export async function modelStorage(directory: Storage | string): Promise<Storage> {
  if (typeof directory !== 'string') return directory;
  const path = directory;
  const place = await modelPlace(path);
  if (place === undefined) throw noDirectory(path);
  const storage = nodeModelDirectory(place);
  const wrong = (message: string, hint: string) =>
    new AttuneError('E_CONFIG', message, { file: path, field: 'model', hint });
  if (!(await stat(place)).isDirectory()) {
    if (isPickled(path)) throw unsafeFormat(path, modelRecipe);
    throw wrong(`${path} is a file; a directory with a model is needed.`, 'Name the directory that holds config.json.');
  }
  if ((await directoryKind(storage)) === 'checkpoint') {
    throw wrong(
      `${path} is a checkpoint, from which attune train --resume goes on; it is no model.`,
      `The finished model of that run lies in ${dirname(place)}.`,
    );
  }
  return storage;
}

/** A name like those of the Hugging Face hub: nothing fetches it, so the error says how to. */
function noDirectory(path: string): AttuneError {
  const details = { file: path, field: 'model' };
  if (/^@[\w.-]+\/[\w.-]+$/.test(path)) {
    const message = `There is no directory ${path}, and no package ${path} with a model is installed here.`;
    return new AttuneError('E_FILE_MISSING', message, { ...details, hint: `npm install ${path}` });
  }
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(path) || /^\.{1,2}(\/|$)/.test(path)) {
    return new AttuneError('E_FILE_MISSING', `There is no directory ${path}.`, details);
  }
  const place = `models/${basename(path)}`;
  return new AttuneError(
    'E_FILE_MISSING',
    `There is no directory ${path}. Models are read from directories; none is downloaded by name.`,
    {
      ...details,
      hint: `If it is a model of the Hugging Face hub: huggingface-cli download ${path} --local-dir ${place} (or git clone https://huggingface.co/${path} ${place}, with git lfs), then --model ${place}.`,
    },
  );
}

/**
 * The base as it is named: from the root, from the working directory, from the adapter's own directory, or as an
 * installed package.
 */
export async function baseDirectory(name: string | null | undefined, adapterPath: string): Promise<Storage> {
  return nodeModelDirectory(await findBase(name, adapterPath));
}

async function findBase(name: string | null | undefined, adapterPath: string): Promise<string> {
  const file = join(adapterPath, 'adapter_config.json');
  const field = 'base_model_name_or_path';
  if (!name) {
    throw new AttuneError('E_ADAPTER_BASE', `${adapterPath} is an adapter that names no base.`, {
      file,
      field,
      hint: 'Name the directory of its base with --base.',
    });
  }
  // A file of others must not make this machine ask another one.
  if (/^(?:[\\/]{2}|[a-z][a-z0-9+.-]+:\/\/)/i.test(name)) {
    throw new AttuneError('E_PATH_ESCAPE', `${file} names a base on another machine: ${name}.`, {
      file,
      field,
      hint: 'Name the directory of its base with --base.',
    });
  }
  const candidates = isAbsolute(name)
    ? // An adapter that was trained on from another lies beside its base, and may have moved with it.
      [name, ...(basename(name) === MERGED_BASE ? [resolve(join(adapterPath, MERGED_BASE))] : [])]
    : [resolve(name), resolve(join(adapterPath, name)), resolve(join(adapterPath, '..', name))];
  for (const candidate of candidates) {
    if (await nodeStorage(candidate).exists('config.json')) return candidate;
  }
  const installed = await modelPackageDirectory(name);
  if (installed !== undefined) return installed;
  throw new AttuneError('E_ADAPTER_BASE', `${adapterPath} is an adapter for "${name}", which is not there.`, {
    file,
    field,
    hint: `Name the directory of its base with --base, or put it at ${candidates[0]}.`,
  });
}
