/** What lasts over a reload, in the Origin Private File System: the model, and the adapter that was trained last. */
import { opfsStorage, type Storage } from '@attune/hub';

const root = 'attune-chat';

/** Keeps the files of a model in place of the last one, whose adapter goes with it. */
export async function keepModel(files: readonly File[]): Promise<Storage> {
  const kept = await opfsStorage(root);
  for (const path of ['model', 'adapter']) await kept.remove(path);
  // Weights may not fit into memory twice.
  for (const file of files) {
    const writer = await kept.create(`model/${file.name}`);
    for await (const chunk of file.stream()) await writer.write(chunk);
    await writer.close();
  }
  return opfsStorage(`${root}/model`);
}

/** Undefined where nothing is kept. */
export async function keptModel(): Promise<Storage | undefined> {
  return (await (await opfsStorage(root)).exists('model/config.json')) ? opfsStorage(`${root}/model`) : undefined;
}

export async function keptAdapter(): Promise<Storage | undefined> {
  const isThere = await (await opfsStorage(root)).exists('adapter/adapter_config.json');
  return isThere ? opfsStorage(`${root}/adapter`) : undefined;
}

/** An empty directory for an adapter. */
export async function newAdapter(): Promise<Storage> {
  await (await opfsStorage(root)).remove('adapter');
  return opfsStorage(`${root}/adapter`);
}
