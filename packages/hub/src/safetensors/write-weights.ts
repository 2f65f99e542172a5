import { label, type Storage, writeFile } from '../storage.js';
import { int8Metadata } from './int8.js';
import { asStored, type StoredTensor, storedBytes, type TensorToWrite } from './stored-tensor.js';
import { storedAs, type WeightsDType } from './weights-dtype.js';
import { indexFile, shardFile, singleFile, type WeightsName, weightsNames } from './weights-files.js';
import { writeStored } from './write.js';

export interface WriteWeightsOptions {
  /** How floating tensors are stored; each in its own dtype by default. */
  readonly dtype?: WeightsDType;
  readonly maxShardBytes?: number;
}

/**
 * Writes `model.safetensors`, or, beyond `maxShardBytes` (5 GB), numbered shards with their index, as transformers does;
 * int8 as `model.int8.safetensors`, which transformers does not take for weights. Other weights are removed then.
 * @throws AttuneError `E_TENSOR_DTYPE` for a weight beyond f16, `E_NONFINITE` for one that is not finite in int8, both
 * naming the tensor; `E_DISK`
 */
export async function writeWeights(
  storage: Storage,
  tensors: readonly TensorToWrite[],
  { dtype, maxShardBytes = 5e9 }: WriteWeightsOptions = {},
): Promise<void> {
  const name: WeightsName = dtype === 'int8' || dtype === 'int8-float16' ? 'model.int8' : 'model';
  const file = label(storage, singleFile(name));
  const shards: StoredTensor[][] = [[]];
  const weightMap = new Map<string, number>();
  let size = 0;
  let total = 0;
  for (const tensor of tensors) {
    const parts = dtype === undefined ? [asStored(tensor)] : storedAs(tensor, dtype, file);
    const bytes = parts.reduce((sum, part) => sum + storedBytes(part), 0);
    if (size > 0 && size + bytes > maxShardBytes) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)!.push(...parts);
    weightMap.set(tensor.name, shards.length);
    size += bytes;
    total += bytes;
  }
  const [only] = shards;
  if (shards.length === 1 && only) {
    await writeStored(storage, singleFile(name), only, metadataOf(only));
    return removeOthers(storage, singleFile(name));
  }
  const shardOf = (number: number) => shardFile(name, number, shards.length);
  for (const [index, shard] of shards.entries()) {
    await writeStored(storage, shardOf(index + 1), shard, metadataOf(shard));
  }
  const index = {
    metadata: { total_size: total },
    weight_map: Object.fromEntries([...weightMap].map(([tensor, number]) => [tensor, shardOf(number)])),
  };
  await writeFile(storage, indexFile(name), `${JSON.stringify(index, null, 2)}\n`);
  await removeOthers(storage, indexFile(name));
}

/** Leaves one file for readers to begin with. */
async function removeOthers(storage: Storage, kept: string): Promise<void> {
  for (const file of weightsNames.flatMap((name) => [singleFile(name), indexFile(name)])) {
    if (file !== kept && (await storage.exists(file))) await storage.remove(file);
  }
}

function metadataOf(tensors: readonly StoredTensor[]): Readonly<Record<string, string>> {
  const quantized = tensors.filter(({ dtype }) => dtype === 'I8').map(({ name }) => name);
  return quantized.length > 0 ? int8Metadata(quantized) : { format: 'pt' };
}
