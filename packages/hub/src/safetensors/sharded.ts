import { AttuneError } from '@attune/ir';
import { type JsonLimits, readJson } from '../json-file.js';
import { containedPath, label, type Storage } from '../storage.js';
import { openSafetensors, type TensorSource } from './read.js';

/** Far beyond the index of the largest models. */
const indexLimits: JsonLimits = { maxBytes: 64 * 2 ** 20, maxDepth: 10, maxEntries: 1e6, maxKeys: 1e6 };

/**
 * Opens the shards of an index. As transformers does, the index says which files there are; their tensors are what they
 * hold. Where the two disagree, that is a warning.
 * @throws AttuneError as `openWeights`
 */
export async function openShards(storage: Storage, index: string): Promise<TensorSource> {
  const file = label(storage, index);
  const weightMap = shardNames(await readJson(storage, index, indexLimits), file);
  const shardByName = new Map<string, TensorSource>();
  const unnamed: string[] = [];
  for (const path of new Set(weightMap.values())) {
    const shard = await openSafetensors(storage, path);
    for (const name of shard.names) {
      const named = weightMap.get(name);
      if (named !== path) unnamed.push(name);
      if (shardByName.has(name) && named === undefined) throw twice(name, file);
      if (named === path || !shardByName.has(name)) shardByName.set(name, shard);
    }
  }
  const absent = [...weightMap.keys()].filter((name) => !shardByName.has(name));
  const source = (name: string): TensorSource => {
    const shard = shardByName.get(name);
    if (!shard) throw new AttuneError('E_TENSOR_MISSING', `${file} has no tensor "${name}".`, { file, field: name });
    return shard;
  };
  return {
    name: file,
    names: [...shardByName.keys()],
    metadata: {},
    warnings: [
      ...disagreement(file, 'names tensors that its shards lack', absent),
      ...disagreement(file, 'does not name tensors of its shards, or puts them elsewhere', unnamed),
    ],
    entry: (name) => source(name).entry(name),
    read: (name) => source(name).read(name),
    readFloat: (name) => source(name).readFloat(name),
  };
}

function disagreement(file: string, what: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return [`${file} ${what}: ${names.slice(0, 10).join(', ')}${more}`];
}

const twice = (name: string, file: string): AttuneError =>
  new AttuneError('E_SAFETENSORS_INDEX', `Several shards of ${file} have "${name}", and it names none of them.`, {
    file,
    field: name,
  });

function shardNames(index: unknown, file: string): Map<string, string> {
  const weightMap = typeof index === 'object' && index !== null && 'weight_map' in index ? index.weight_map : undefined;
  const isMap = typeof weightMap === 'object' && weightMap !== null && !Array.isArray(weightMap);
  if (!isMap || Object.keys(weightMap).length === 0) {
    throw new AttuneError('E_SAFETENSORS_INDEX', `${file} has no weight_map from tensors to files.`, {
      file,
      field: 'weight_map',
    });
  }
  return new Map(
    Object.entries(weightMap).map(([name, path]) => {
      if (typeof path !== 'string') {
        throw new AttuneError('E_SAFETENSORS_INDEX', `${file} names no file for "${name}".`, { file, field: name });
      }
      return [name, containedPath(path)];
    }),
  );
}
