import type { Storage } from '../storage.js';
import { openSafetensors, type TensorSource } from './read.js';
import { indexFile, singleFile, weightsNames } from './weights-files.js';

/**
 * Opens the weights of a model directory: `model.safetensors` if it is there, as transformers does, else the shards of
 * `model.safetensors.index.json`; if there are neither, Attune's int8 as `model.int8.safetensors` or its shards (int8.ts),
 * or a GGUF file, under the names of transformers.
 * @throws AttuneError `E_FILE_MISSING` where there are none, `E_PATH_ESCAPE` for a shard outside the directory,
 * `E_SAFETENSORS_INDEX` for an index that is malformed, or does not say which of several shards a tensor is taken from
 */
export async function openWeights(storage: Storage): Promise<TensorSource> {
  for (const name of weightsNames) {
    if (await storage.exists(singleFile(name))) return openSafetensors(storage, singleFile(name));
    if (await storage.exists(indexFile(name))) {
      const { openShards } = await import('./sharded.js');
      return openShards(storage, indexFile(name));
    }
  }
  const { ggufWeightsIn } = await import('../gguf/weights.js');
  return (await ggufWeightsIn(storage)) ?? openSafetensors(storage, singleFile('model'));
}
