/** A model or an adapter that was saved: one argument opens both. */
import type { Strategy } from '@attune/core';
import { drawnAnew } from '@attune/core/internal';
import { directoryKind, type Storage } from '@attune/hub';
import { commitModel } from '@attune/hub/internal';
import { baseDirectory, modelStorage } from '@attune/inference/places';
import { AttuneError, type HostTensor } from '@attune/ir';
import { type LoadedModel, type LoadOptions, loadModel, MAX_CLAIMED_CLASSES, saveModel } from '@attune/models';
import { type AttuneFile, readAttuneFile, requireAdapterBase, writeAttuneFile } from '@attune/models/internal';
import { loadAdapter, mergeAdapter, type OpenedAdapter, openAdapter } from '@attune/strategies';
import { labelCountOf } from '@attune/strategies/internal';
import { copySentenceFiles, type Task } from '@attune/tasks';
import { defaultLengthFor } from '@attune/tasks/internal';
import { taskOfDirectory } from './saved-task.js';

export interface SavedModel {
  /** The directory as it was named. */
  readonly path: string;
  readonly directory: Storage;
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
  readonly task: Task;
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
 * Opens a model or adapter that can answer.
 * @throws AttuneError as `requireTrained` and `openSavedModel`
 */
export async function openTrainedModel(
  directory: Storage | string,
  request: SavedModelRequest = {},
): Promise<SavedModel> {
  return requireTrained(await openSavedModel(directory, request));
}

/** The same model, if its every parameter was trained. @throws AttuneError `E_MODEL_UNTRAINED` */
export function requireTrained(saved: SavedModel): SavedModel {
  const { untrained, task, path } = saved;
  if (untrained.length === 0) return saved;
  const more = untrained.length > 3 ? ` and ${untrained.length - 3} more` : '';
  throw new AttuneError(
    'E_MODEL_UNTRAINED',
    `${path} was not trained for ${task.name}: it has no ${untrained.slice(0, 3).join(', ')}${more}.`,
    { file: path, field: 'model', hint: `Train it first: attune train --task ${task.name} --model ${path} …` },
  );
}

export interface SavedModelRequest {
  /** What the user wants of the model, a task or its name; what its directory says by default. */
  readonly task?: Task | string | undefined;
  /** Directory of an adapter's base; the one that the adapter names by default. */
  readonly base?: Storage | string | undefined;
  /** The base as it is loaded already: its weights are used again if they are loaded alike. */
  readonly loadedBase?: LoadedModel | undefined;
}

/**
 * Opens a model directory, or an adapter directory with its base.
 * @throws AttuneError `E_FILE_MISSING`, `E_CONFIG` for a model of another task, `E_ADAPTER_MISMATCH` and what loading
 * throws
 */
export async function openSavedModel(
  directory: Storage | string,
  { task: wanted, base, loadedBase }: SavedModelRequest = {},
): Promise<SavedModel> {
  const storage = await modelStorage(directory);
  const path = nameOf(directory);
  const task = await taskOfDirectory(storage, wanted);
  if ((await directoryKind(storage)) === 'adapter') return openAdapterModel(storage, path, task, base, loadedBase);
  requireNoBase(path, base);
  return plainModel(await loadModel(storage, { task }), { path, directory: storage, task });
}

/** The base of an opened adapter, without the adapter. @throws AttuneError as `loadModel` */
export async function openBase({ loaded, base, basePath, task }: SavedModel): Promise<SavedModel> {
  const { labels, quantize } = loaded;
  // The classes are the adapter's; the base may have others.
  const own = labels.length === 0 ? loaded : await loadModel(base, { task, ...(quantize ? { quantize } : {}) });
  return plainModel(own, { path: basePath, directory: base, task });
}

async function plainModel(
  given: LoadedModel,
  { path, directory, task }: Pick<SavedModel, 'path' | 'directory' | 'task'>,
): Promise<SavedModel> {
  const saved = await readAttuneFile(directory);
  const loaded = calibrated(given, saved);
  return {
    path,
    directory,
    loaded,
    weights: loaded.weights,
    strategies: [],
    base: directory,
    basePath: directory.name,
    kind: 'model',
    warnings: loaded.warnings,
    untrained: drawnAnew(loaded.model, loaded.created),
    ...factsOf(loaded, task, saved),
    merged: () => loaded.weights,
  };
}

/** With the temperature that the directory says. */
function calibrated(loaded: LoadedModel, saved: AttuneFile | undefined): LoadedModel {
  const { temperature, ...others } = loaded;
  if (temperature === saved?.temperature) return loaded;
  return saved?.temperature === undefined ? others : { ...others, temperature: saved.temperature };
}

/** @throws AttuneError `E_CONFIG` for a base of what is no adapter */
export function requireNoBase(path: string, base: Storage | string | undefined): void {
  if (base === undefined) return;
  throw new AttuneError('E_CONFIG', `${path} is a model, not an adapter: it has no base.`, {
    file: path,
    field: 'base',
    hint: 'Leave base out.',
  });
}

async function openAdapterModel(
  storage: Storage,
  path: string,
  task: Task,
  wantedBase: Storage | string | undefined,
  loadedBase: LoadedModel | undefined,
): Promise<SavedModel> {
  const adapter = await openAdapter(storage);
  const saved = await readAttuneFile(storage);
  const named = adapter.config.base_model_name_or_path;
  const base = wantedBase === undefined ? await baseDirectory(named, path) : await modelStorage(wantedBase);
  const options = {
    task,
    ...labelsOf(adapter, saved, task),
    ...(saved?.problemType ? { problemType: saved.problemType } : {}),
    ...(saved?.quantize ? { quantize: saved.quantize } : {}),
  };
  const opened = loadedBase && isLoadedSo(loadedBase, options) ? loadedBase : await loadModel(base, options);
  const loaded = calibrated(opened, saved);
  const {
    strategy,
    weights: own,
    plan,
    warnings,
  } = await loadAdapter(storage, loaded.model, {
    baseWeights: loaded.weights,
  });
  await requireAdapterBase(storage, loaded);
  const weights = new Map([...loaded.weights, ...own]);
  return {
    path,
    directory: storage,
    loaded,
    weights,
    strategies: [strategy],
    base,
    basePath: base.name,
    kind: 'adapter',
    warnings: [
      ...(wantedBase === undefined && !saved && isFullPath(named ?? '') ? [`${path} is for the base at ${named}`] : []),
      ...loaded.warnings,
      ...warnings,
    ],
    untrained: drawnAnew(loaded.model, loaded.created).filter((name) => !own.has(name)),
    ...factsOf(loaded, task, saved),
    merged: () => mergeAdapter(weights, plan),
  };
}

/** Whether loading again would give the same. */
function isLoadedSo(
  loaded: LoadedModel,
  { task, labels = [], labelCount, problemType, quantize }: LoadOptions & { readonly task: Task },
): boolean {
  return (
    loaded.model.task.name === task.name &&
    labelCount === undefined &&
    JSON.stringify(loaded.labels) === JSON.stringify(labels) &&
    (problemType ?? loaded.problemType) === loaded.problemType &&
    quantize === loaded.quantize
  );
}

/** By attune.json; adapters of PEFT, which have none, show how many classes there are. */
function labelsOf(
  adapter: OpenedAdapter,
  saved: AttuneFile | undefined,
  task: Task,
): Pick<LoadOptions, 'labels' | 'labelCount'> {
  const labelCount = labelCountOf(adapter, task);
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
  task: Task,
  saved: AttuneFile | undefined,
): Pick<SavedModel, 'task' | 'file' | 'lengthOf'> {
  const file: AttuneFile = {
    task: task.name,
    ...(labels.length > 0 ? { labels: [...labels] } : {}),
    ...(problemType === undefined ? {} : { problemType }),
    ...(saved?.maxLength === undefined ? {} : { maxLength: saved.maxLength }),
    ...(saved?.temperature === undefined ? {} : { temperature: saved.temperature }),
  };
  const lengthOf = (wanted: number | undefined) => {
    const length = wanted ?? saved?.maxLength ?? defaultLengthFor(task, model);
    if (length <= model.maxPositions) return length;
    throw new AttuneError('E_TOO_LONG', `maxLength is ${length}; ${base} has ${model.maxPositions} positions.`, {
      file: base,
      field: 'maxLength',
    });
  };
  return { task, file, lengthOf };
}

const nameOf = (directory: Storage | string): string => (typeof directory === 'string' ? directory : directory.name);

/** Of POSIX, or of Windows with its drive. */
const isFullPath = (path: string): boolean => /^(?:[\\/]|[a-z]:[\\/])/i.test(path);

/** Writes a model directory, an adapter folded in, whole or not at all. */
export async function writeMerged(target: Storage, { loaded, file, directory, merged }: SavedModel): Promise<void> {
  await commitModel(target, async (draft) => {
    await saveModel(draft, loaded, merged());
    await writeAttuneFile(draft, file);
    await copySentenceFiles(directory, draft);
  });
}
