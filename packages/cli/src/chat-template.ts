/** The chat template of a command: the model's own, or that of a file. */
import { basename, dirname } from 'node:path';
import { type ChatTemplate, loadChatTemplate, readText } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type ModelReader, savedChatTemplate } from '@attune/inference';

/** Where a model that was opened lies. */
type Places = Pick<ModelReader, 'directory' | 'files'>;

/** @param file of `--chat-template` @throws AttuneError `E_TEMPLATE` also for a model without one, `E_FILE_MISSING` */
export const requiredChatTemplate = async (places: Places, file: string | undefined): Promise<ChatTemplate> =>
  (await chatTemplateIfAny(places, file)) ?? (await loadChatTemplate(places.files));

/** Undefined for a model without one. @throws AttuneError `E_TEMPLATE`, `E_FILE_MISSING` */
export async function chatTemplateIfAny(places: Places, file: string | undefined): Promise<ChatTemplate | undefined> {
  if (file === undefined) return savedChatTemplate(places);
  const storage = nodeStorage(dirname(file));
  const name = basename(file);
  return loadChatTemplate(places.files, { template: await readText(storage, name), name: `${storage.name}/${name}` });
}
