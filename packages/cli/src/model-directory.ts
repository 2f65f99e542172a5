/** Models and adapters as the commands take them: one argument for both. */
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { drawnAnew, type Strategy } from '@attune/core';
import { commitModel, directoryKind, isPickled, modelRecipe, type Storage, unsafeFormat } from '@attune/hub';
import { nodeModelDirectory, nodeStorage } from '@attune/hub/node';
import { AttuneError, type HostTensor } from '@attune/ir';
import {
  type AttuneFile,
  type LoadedModel,
  type LoadOptions,
  loadModel,
  MAX_CLAIMED_CLASSES,
  readAttuneFile,
  requireAdapterBase,
  saveModel,
  writeAttuneFile,
} from '@attune/models';
import { labelCountOf, loadAdapter, mergeAdapter, type OpenedAdapter, openAdapter } from '@attune/strategies';
import { taskNamed } from '@attune/tasks';
import { modelPackageDirectory, modelPlace } from './model-package.js';
import { commandTaskOf } from './tasks/command-task.js';
import { taskOfDirectory } from './tasks/directory-task.js';
import type { CommandTaskName } from './tasks/names.js';

export interface OpenedModel {
  readonly loaded: LoadedModel;
  /** Weights with the adapter's, where there is one. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** Those of its adapter; none of a plain model. */
  readonly strategies: readonly Strategy[];
  /** Where the tokenizer lies. */
  readonly base: Storage;
  readonly basePath: string;
  readonly kind: 'model' | 'adapter';
  /** What a user should know about the files. */
  readonly warnings: readonly string[];
  readonly task: CommandTaskName;
  /** Parameters with random values, as of a head that was never trained: no file has others. */
  readonly untrained: readonly string[];
  /** attune.json of the directory, as it is or would be. */
  readonly file: AttuneFile;
  /** The weights of a plain model: the adapter folded in. */
  merged(): ReadonlyMap<string, HostTensor>;
  /**
   * Tokens kept of each text: what the user says, else what training kept, else what the task takes by default, within
   * the model's positions.
   * @throws AttuneError `E_TOO_LONG` for more than the model has positions
   */
  lengthOf(wanted: number | undefined): number;
}

/**
 * Opens a model or adapter that can answer: one whose every parameter was trained.
 * @throws AttuneError `E_MODEL_UNTRAINED`, and as `openModel`
 */
export async function openTrainedModel(path: string, request: ModelRequest = {}): Promise<OpenedModel> {
  const opened = await openModel(path, request);
  const { untrained } = opened;
  if (untrained.length === 0) return opened;
  const more = untrained.length > 3 ? ` and ${untrained.length - 3} more` : '';
  throw new AttuneError(
    'E_MODEL_UNTRAINED',
    `${path} was not trained for ${opened.task}: it has no ${untrained.slice(0, 3).join(', ')}${more}.`,
    { file: path, field: 'model', hint: `Train it first: attune train --task ${opened.task} --model ${path} …` },
  );
}

export interface ModelRequest {
  /** What the user wants of the model; what its directory says by default. */
  readonly task?: CommandTaskName | undefined;
  /** Directory of an adapter's base; the one that the adapter names by default. */
  readonly base?: string | undefined;
}

/**
 * Opens a model directory, or an adapter directory with its base.
 * @throws AttuneError `E_FILE_MISSING`, `E_CONFIG` for a model of another task, `E_ADAPTER_MISMATCH` and what loading
 * throws
 */
export async function openModel(path: string, { task, base }: ModelRequest = {}): Promise<OpenedModel> {
  const storage = await modelStorage(path);
  const options = { task: await taskOfDirectory(storage, task) };
  if ((await directoryKind(storage)) === 'adapter') return openAdapterModel(storage, path, options, base);
  requireNoBase(path, base);
  const loaded = await loadModel(storage, options);
  return {
    loaded,
    weights: loaded.weights,
    strategies: [],
    base: storage,
    basePath: storage.name,
    kind: 'model',
    warnings: loaded.warnings,
    untrained: drawnAnew(loaded.model, loaded.created),
    ...factsOf(loaded, options.task, await readAttuneFile(storage)),
    merged: () => loaded.weights,
  };
}

/** @throws AttuneError `E_CONFIG` for a base of what is no adapter */
export function requireNoBase(path: string, base: string | undefined): void {
  if (base === undefined) return;
  throw new AttuneError('E_CONFIG', `${path} is a model, not an adapter: it has no base.`, {
    file: path,
    field: 'base',
    hint: 'Leave --base out.',
  });
}

async function openAdapterModel(
  storage: Storage,
  path: string,
  options: { readonly task: CommandTaskName },
  wantedBase: string | undefined,
): Promise<OpenedModel> {
  const adapter = await openAdapter(storage);
  const saved = await readAttuneFile(storage);
  const named = adapter.config.base_model_name_or_path;
  const base =
    wantedBase === undefined ? nodeModelDirectory(await findBase(named, path)) : await modelStorage(wantedBase);
  const loaded = await loadModel(base, {
    ...options,
    ...labelsOf(adapter, saved, options.task),
    ...(saved?.problemType ? { problemType: saved.problemType } : {}),
  });
  const { strategy, weights: own, plan, warnings } = await loadAdapter(storage, loaded.model);
  await requireAdapterBase(storage, loaded);
  const weights = new Map([...loaded.weights, ...own]);
  return {
    loaded,
    weights,
    strategies: [strategy],
    base,
    basePath: base.name,
    kind: 'adapter',
    warnings: [
      ...(wantedBase === undefined && !saved && isAbsolute(named ?? '') ? [`${path} is for the base at ${named}`] : []),
      ...loaded.warnings,
      ...warnings,
    ],
    untrained: drawnAnew(loaded.model, loaded.created).filter((name) => !own.has(name)),
    ...factsOf(loaded, options.task, saved),
    merged: () => mergeAdapter(weights, plan),
  };
}

/** By attune.json; adapters of PEFT, which have none, show how many classes there are. */
function labelsOf(
  adapter: OpenedAdapter,
  saved: AttuneFile | undefined,
  task: CommandTaskName,
): Pick<LoadOptions, 'labels' | 'labelCount'> {
  const labelCount = labelCountOf(adapter, taskNamed(task));
  if (saved?.labels) {
    const count = saved.labels.length;
    if (count !== (labelCount ?? count) || count > Math.max(labelCount ?? 0, MAX_CLAIMED_CLASSES)) {
      throw new AttuneError(
        'E_ADAPTER_MISMATCH',
        `attune.json names ${count} labels; the classifier in ${adapter.tensors.name} has ${labelCount ?? 'not so many'}.`,
        { file: adapter.tensors.name, field: 'labels' },
      );
    }
    return { labels: saved.labels };
  }
  return labelCount === undefined ? {} : { labelCount };
}

function factsOf(
  { labels, problemType, model, base }: LoadedModel,
  task: CommandTaskName,
  saved: AttuneFile | undefined,
): Pick<OpenedModel, 'task' | 'file' | 'lengthOf'> {
  const file: AttuneFile = {
    task,
    ...(labels.length > 0 ? { labels: [...labels] } : {}),
    ...(problemType === undefined ? {} : { problemType }),
    ...(saved?.maxLength === undefined ? {} : { maxLength: saved.maxLength }),
  };
  const lengthOf = (wanted: number | undefined) => {
    const length = wanted ?? saved?.maxLength ?? commandTaskOf(task).defaultLength(model.maxPositions);
    if (length <= model.maxPositions) return length;
    throw new AttuneError('E_TOO_LONG', `maxLength is ${length}; ${base} has ${model.maxPositions} positions.`, {
      file: base,
      field: 'maxLength',
    });
  };
  return { task, file, lengthOf };
}

/**
 * The directory of a model or an adapter, by its path or by the npm package that holds it.
 * @throws AttuneError `E_FILE_MISSING` where nothing is there, `E_CONFIG` for a file or a checkpoint
 */
export async function modelStorage(path: string): Promise<Storage> {
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

/** Where an output directory holds the merged base of its adapter. */
export const MERGED_BASE = 'base';

/** Writes a model directory, an adapter folded in, whole or not at all. */
export async function writeMerged(target: Storage, { loaded, file, merged }: OpenedModel): Promise<void> {
  await commitModel(target, async (draft) => {
    await saveModel(draft, loaded, merged());
    await writeAttuneFile(draft, file);
  });
}

/**
 * The base as it is named: from the root, from the working directory, from the adapter's own directory, or as an
 * installed package.
 */
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
