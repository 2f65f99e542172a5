import { baseMiniFiles } from '@attune/base-mini';
import { opfsStorage, type Storage } from '@attune/hub';

let arriving: Promise<Storage> | undefined;

/** @attune/base-mini in the Origin Private File System; what is not there yet is fetched, once for all who wait. */
export function baseModel(): Promise<Storage> {
  arriving ??= fetchBase().finally(() => {
    arriving = undefined;
  });
  return arriving;
}

async function fetchBase(): Promise<Storage> {
  // Bundlers put a hash of the file into its name, so that other weights are another directory.
  const version = baseMiniFiles['model.safetensors'].pathname.split('/').at(-1);
  const storage = await opfsStorage(`attune-intents/base/${version}`);
  for (const [name, url] of Object.entries(baseMiniFiles)) {
    if (!(await storage.exists(name))) await fetchInto(storage, name, url);
  }
  return storage;
}

async function fetchInto(storage: Storage, name: string, url: URL): Promise<void> {
  const { ok, status, body } = await fetch(url);
  if (!ok || !body) throw new Error(`${url.pathname} cannot be fetched (${status}).`);
  const writer = await storage.create(name);
  for await (const chunk of body) await writer.write(chunk);
  await writer.close();
}
