import { AttuneError } from '@attune/ir';
import { containedPath, label, readJson, type Storage } from '../storage.js';
import { openSafetensors, type TensorSource } from './read.js';

/** Opens the shards of an index. @throws AttuneError as `openWeights` */
export async function openShards(storage: Storage, index: string): Promise<TensorSource> {
  const file = label(storage, index);
  const weightMap = shardNames(await readJson(storage, index), file);
  const shards = new Map<string, TensorSource>();
  for (const path of new Set(weightMap.values())) shards.set(path, await openSafetensors(storage, path));
  const source = (name: string): TensorSource => {
    const shard = shards.get(weightMap.get(name) ?? '');
    if (!shard) throw new AttuneError('E_TENSOR_MISSING', `${file} has no tensor "${name}".`, { file, field: name });
    return shard;
  };
  for (const name of weightMap.keys()) {
    if (!source(name).names.includes(name)) {
      throw new AttuneError('E_SAFETENSORS_INDEX', `${file} puts "${name}" in ${source(name).name}, which lacks it.`, {
        file,
        field: name,
      });
    }
  }
  const unnamed = [...shards].flatMap(([path, shard]) =>
    shard.names.filter((name) => weightMap.get(name) !== path).map((name) => ({ name, shard: shard.name })),
  );
  if (unnamed.length > 0) {
    const list = unnamed.slice(0, 10).map(({ name, shard }) => `"${name}" of ${shard}`);
    const more = unnamed.length > 10 ? ` and ${unnamed.length - 10} more` : '';
    throw new AttuneError('E_SAFETENSORS_INDEX', `${file} does not name ${list.join(', ')}${more}.`, {
      file,
      field: unnamed[0]!.name,
      hint: 'The index belongs to other shards.',
    });
  }
  return {
    name: file,
    names: [...weightMap.keys()],
    metadata: {},
    entry: (name) => source(name).entry(name),
    read: (name) => source(name).read(name),
    readFloat: (name) => source(name).readFloat(name),
  };
}

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
