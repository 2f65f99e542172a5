/** Where training starts: a model directory, or an adapter folded into its base. */
import { join, resolve } from 'node:path';
import { directoryKind, MemoryStorage, type Storage, writeFile } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { MERGED_BASE, modelStorage, openModel, writeMerged } from '../model-directory.js';

export interface StartingModel {
  readonly directory: Storage;
  /** How an adapter that is trained on it calls its base; what the directory is called by default. */
  readonly base?: string;
  /** What the user should know about the start. */
  readonly note?: string;
  /** Puts the base where the new adapter finds it. */
  writeBase(): Promise<void>;
}

/**
 * Opens what training starts from. Of an adapter it is its base with the adapter folded in, which lies in no directory
 * yet: `writeBase` puts it into the output directory.
 * @param output directory of the run
 * @throws AttuneError as `openModel`
 */
export async function openStartingModel(path: string, output: string): Promise<StartingModel> {
  const directory = await modelStorage(path);
  if ((await directoryKind(directory)) !== 'adapter') return { directory, writeBase: async () => {} };
  const merged = new MemoryStorage(directory.name);
  await writeMerged(merged, await openModel(path));
  const base = join(resolve(output), MERGED_BASE);
  return {
    directory: merged,
    base,
    note: `${path} is an adapter: training starts from its base with the adapter folded in`,
    async writeBase() {
      const target = nodeStorage(base);
      for (const { name } of await merged.list('')) await writeFile(target, name, await merged.read(name));
    },
  };
}
