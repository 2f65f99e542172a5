import type { HostBatch } from '@attune/core';
import { openSafetensors, type Storage } from '@attune/hub';
import { type HostTensor, zeros } from '@attune/ir';

export const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** All tensors of a file, under our names of fields and outputs. */
export async function readTensors(storage: Storage, path: string): Promise<ReadonlyMap<string, HostTensor>> {
  const source = await openSafetensors(storage, path);
  return new Map(await Promise.all(source.names.map(async (name) => [name, await source.read(name)] as const)));
}

/** A golden batch as the models here take it: token types that it leaves out are 0. */
export async function readBatch(storage: Storage, path: string): Promise<HostBatch> {
  const tensors = await readTensors(storage, path);
  const fields = Object.fromEntries([...tensors].map(([name, tensor]) => [camelCase(name), tensor]));
  const { inputIds, tokenTypeIds } = fields;
  return inputIds && !tokenTypeIds ? { ...fields, tokenTypeIds: zeros(inputIds.type) } : fields;
}
