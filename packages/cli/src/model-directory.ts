/** Models and adapters as the commands take them: one argument for both. */
import { isAbsolute, join, resolve } from 'node:path';
import type { LayerRewrite } from '@attune/core';
import { directoryKind, type LoraAdapter, openAdapter, type Storage } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { AttuneError, type HostTensor } from '@attune/ir';
import {
  type AttuneFile,
  type LoadedModel,
  type LoadOptions,
  loadModel,
  readAttuneFile,
  requireAdapterBase,
} from '@attune/models';
import { labelCountOf, loadLora, mergeLora } from '@attune/strategies';
import { taskOfDirectory } from './tasks/directory-task.js';
import type { CommandTaskName } from './tasks/names.js';

export interface OpenedModel {
  readonly loaded: LoadedModel;
  /** Weights with the adapter's, where there is one. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly rewrites: readonly LayerRewrite[];
  /** Where the tokenizer lies. */
  readonly base: Storage;
  readonly basePath: string;
  readonly kind: 'model' | 'adapter';
  readonly task: CommandTaskName;
  /** Tokens kept of each text in training, where attune.json says so. */
  readonly maxLength: number | undefined;
  /** attune.json of the directory, as it is or would be. */
  readonly file: AttuneFile;
  /** The weights of a plain model: the adapter folded in. */
  merged(): ReadonlyMap<string, HostTensor>;
}

/**
 * Opens a model directory, or an adapter directory with the base that it names.
 * @param task what the user wants of it; what the directory says by default
 * @throws AttuneError `E_FILE_MISSING`, `E_CONFIG` for a model of another task, `E_ADAPTER_MISMATCH` and what loading
 * throws
 */
export async function openModel(path: string, task?: CommandTaskName): Promise<OpenedModel> {
  const storage = nodeStorage(resolve(path));
  if (!(await storage.exists(''))) {
    throw new AttuneError('E_FILE_MISSING', `There is no directory ${path}.`, { file: path });
  }
  const options = { task: await taskOfDirectory(storage, task) };
  if ((await directoryKind(storage)) === 'adapter') return openAdapterModel(storage, path, options);
  const loaded = await loadModel(storage, options);
  return {
    loaded,
    weights: loaded.weights,
    rewrites: [],
    base: storage,
    basePath: resolve(path),
    kind: 'model',
    ...factsOf(loaded, options.task, await readAttuneFile(storage)),
    merged: () => loaded.weights,
  };
}

async function openAdapterModel(
  storage: Storage,
  path: string,
  options: { readonly task: CommandTaskName },
): Promise<OpenedModel> {
  const adapter = await openAdapter(storage);
  const saved = await readAttuneFile(storage);
  const basePath = await findBase(adapter.config.base_model_name_or_path, path);
  const base = nodeStorage(basePath);
  const loaded = await loadModel(base, {
    ...options,
    ...labelsOf(adapter, saved, options.task),
    ...(saved?.problemType ? { problemType: saved.problemType } : {}),
  });
  const { strategy, weights: own, plan } = await loadLora(storage, loaded.model);
  await requireAdapterBase(storage, loaded);
  const { rewrite } = strategy.adapt(loaded.model);
  const rewrites = rewrite ? [rewrite] : [];
  const weights = new Map([...loaded.weights, ...own]);
  return {
    loaded,
    weights,
    rewrites,
    base,
    basePath,
    kind: 'adapter',
    ...factsOf(loaded, options.task, saved),
    merged: () => mergeLora(weights, plan),
  };
}

/** By attune.json; adapters of PEFT, which have none, show how many classes there are. */
function labelsOf(
  adapter: LoraAdapter,
  saved: AttuneFile | undefined,
  task: CommandTaskName,
): Pick<LoadOptions, 'labels' | 'labelCount'> {
  if (saved?.labels) return { labels: saved.labels };
  const labelCount = labelCountOf(adapter, task);
  return labelCount === undefined ? {} : { labelCount };
}

function factsOf(
  { labels, problemType }: LoadedModel,
  task: CommandTaskName,
  saved: AttuneFile | undefined,
): Pick<OpenedModel, 'task' | 'maxLength' | 'file'> {
  const file: AttuneFile = {
    task,
    ...(labels.length > 0 ? { labels: [...labels] } : {}),
    ...(problemType === undefined ? {} : { problemType }),
    ...(saved?.maxLength === undefined ? {} : { maxLength: saved.maxLength }),
  };
  return { task, maxLength: saved?.maxLength, file };
}

/** The base as it is named: from the root, from the working directory, or from the adapter's own directory. */
async function findBase(name: string | null | undefined, adapterPath: string): Promise<string> {
  const candidates = !name
    ? []
    : isAbsolute(name)
      ? [name]
      : [resolve(name), resolve(join(adapterPath, name)), resolve(join(adapterPath, '..', name))];
  for (const candidate of candidates) {
    if (await nodeStorage(candidate).exists('config.json')) return candidate;
  }
  throw new AttuneError('E_ADAPTER_BASE', `${adapterPath} is an adapter for "${name ?? ''}", which is not there.`, {
    file: join(adapterPath, 'adapter_config.json'),
    field: 'base_model_name_or_path',
    hint: `Put the base model at ${candidates[0] ?? 'a path and name it'}, or change base_model_name_or_path.`,
  });
}
