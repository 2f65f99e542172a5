import type { Storage } from '@attune/hub';
import { zipSync } from 'fflate';

/** The files of a directory as a ZIP. Weights hardly get smaller, so nothing is compressed. */
export async function archiveOf(storage: Storage): Promise<Uint8Array<ArrayBuffer>> {
  const files: Record<string, Uint8Array> = {};
  for (const { name } of await storage.list('')) files[name] = await storage.read(name);
  return Uint8Array.from(zipSync(files, { level: 0 }));
}
