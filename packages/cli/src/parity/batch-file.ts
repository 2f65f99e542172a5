import type { HostBatch } from '@attune/core';
import { openSafetensors, type Storage } from '@attune/hub';
import type { HostTensor } from '@attune/ir';

export const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** All tensors of a file, under our names of fields and outputs. */
export async function readTensors(storage: Storage, path: string): Promise<ReadonlyMap<string, HostTensor>> {
  const source = await openSafetensors(storage, path);
  return new Map(await Promise.all(source.names.map(async (name) => [name, await source.read(name)] as const)));
}

/** A golden batch as the models here take it. */
export async function readBatch(storage: Storage, path: string): Promise<HostBatch> {
  const tensors = await readTensors(storage, path);
  return Object.fromEntries([...tensors].map(([name, tensor]) => [camelCase(name), tensor]));
}
