import { label, type Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { readAttuneFile } from './attune-file.js';
import type { LoadedModel } from './loaded-model.js';

/**
 * Compares a base with what an adapter's attune.json says about the one that it was trained on; adapters that say
 * nothing, such as PEFT's own, pass.
 * @param base loaded with the adapter's labels
 * @throws AttuneError `E_ADAPTER_MISMATCH` that names both
 */
export async function requireAdapterBase(adapter: Storage, base: LoadedModel): Promise<void> {
  const trainedOn = (await readAttuneFile(adapter))?.baseSha256;
  if (trainedOn === undefined) return;
  const found = await base.weightsHash();
  if (found === trainedOn) return;
  throw new AttuneError(
    'E_ADAPTER_MISMATCH',
    `The adapter ${adapter.name} was trained on weights with sha256 ${trainedOn}; those of ${base.base} have ${found}.`,
    {
      file: label(adapter, 'attune.json'),
      field: 'baseSha256',
      hint: 'Load it on the base that it was trained on; without baseSha256 in attune.json this is not checked.',
    },
  );
}
