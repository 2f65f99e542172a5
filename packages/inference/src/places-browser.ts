/** `@attune/inference/places` outside Node, where a path says nothing. */
import type { Storage } from '@attune/hub';
import { openModelDirectory } from '@attune/hub/directory';
import { AttuneError } from '@attune/ir';

/** @throws AttuneError `E_CONFIG` for a path */
export const modelStorage = async (directory: Storage | string): Promise<Storage> => openModelDirectory(directory);

/** @throws AttuneError `E_ADAPTER_BASE`: names of directories lead nowhere here */
export async function baseDirectory(name: string | null | undefined, adapter: string): Promise<Storage> {
  throw new AttuneError(
    'E_ADAPTER_BASE',
    `${adapter} is an adapter; its base ${name ?? ''} is not found by name here.`,
    {
      file: `${adapter}/adapter_config.json`,
      field: 'base_model_name_or_path',
      hint: 'Pass the base: openModel(directory, { base, backend }).',
    },
  );
}
