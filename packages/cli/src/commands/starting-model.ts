/** Where training starts: a model directory, or an adapter folded into its base. */
import { join, resolve } from 'node:path';
import { directoryKind, MemoryStorage, type Storage, writeFile } from '@attune/hub';
import { commitModel } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import { MERGED_BASE, openSavedModel, requireNoBase, writeMerged } from '@attune/inference';
import { modelStorage } from '@attune/inference/places';
import { AttuneError } from '@attune/ir';
import { openAdapter } from '@attune/strategies';

export interface StartingModel {
  readonly directory: Storage;
  /** How an adapter that is trained on it calls its base; what the directory is called by default. */
  readonly base?: string;
  /** What the user should know about the start. */
  readonly note?: string;
  /** What the user should know about an adapter's files. */
  readonly warnings: readonly string[];
  /** Puts the base where the new adapter finds it, whole or not at all. */
  writeBase(): Promise<void>;
}

/**
 * Opens what training starts from. Of an adapter it is its base with the adapter folded in, which lies in no directory
 * yet: `writeBase` puts it into the output directory.
 * @param request the run's output directory, and the base of an adapter that names none
 * @throws AttuneError as `openSavedModel`
 */
export async function openStartingModel(
  path: string,
  { output, base: wantedBase }: { readonly output: string; readonly base?: string | undefined },
): Promise<StartingModel> {
  const directory = await modelStorage(path);
  if ((await directoryKind(directory)) !== 'adapter') {
    requireNoBase(path, wantedBase);
    return { directory, warnings: [], writeBase: async () => {} };
  }
  await requireMergeable(directory, path);
  const merged = new MemoryStorage(directory.name);
  const opened = await openSavedModel(path, { base: wantedBase });
  await writeMerged(merged, opened);
  return {
    directory: merged,
    base: join(resolve(output), MERGED_BASE),
    warnings: opened.warnings,
    note: `${path} is an adapter: training starts from its base with the adapter folded in`,
    async writeBase() {
      await commitModel(nodeStorage(resolve(output)), async (draft) => {
        for (const { name } of await merged.list('')) {
          await writeFile(draft, `${MERGED_BASE}/${name}`, await merged.read(name));
        }
      });
    },
  };
}

/** Before anything of the base is read. @throws AttuneError `E_STRATEGY`, and as `openAdapter` */
async function requireMergeable(directory: Storage, path: string): Promise<void> {
  const { method, config } = await openAdapter(directory);
  if (method.isMergeable) return;
  const base = config.base_model_name_or_path ?? 'its base';
  throw new AttuneError(
    'E_STRATEGY',
    `${path} is an adapter of ${method.name}, which no model's weights can hold: training cannot start from it.`,
    {
      file: path,
      field: 'model',
      hint: `Train on ${base} again (--model ${base}); evaluate, predict and generate take ${path} as it is.`,
    },
  );
}
