/** The chat template of a command: the model's own, or that of a file. */
import { basename, dirname } from 'node:path';
import { type ChatTemplate, loadChatTemplate, readText, type Storage } from '@attune/hub';
import { readTemplateFile } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import type { ModelReader } from '@attune/inference';

/** Where a model that was opened lies; an adapter may have a template of its own, which it was trained with. */
type Places = Pick<ModelReader, 'directory' | 'files'>;

/** @param file of `--chat-template` @throws AttuneError `E_TEMPLATE` also for a model without one, `E_FILE_MISSING` */
export async function requiredChatTemplate(places: Places, file: string | undefined): Promise<ChatTemplate> {
  const { directory, files } = places;
  if (file !== undefined) return templateOf(nodeStorage(dirname(file)), basename(file), files);
  return (await hasOwn(places)) ? templateOf(directory, OWN, files) : loadChatTemplate(files);
}

/** Undefined for a model without one. @throws AttuneError as `requiredChatTemplate` */
export async function chatTemplateIfAny(places: Places, file: string | undefined): Promise<ChatTemplate | undefined> {
  const isThere = file !== undefined || (await hasOwn(places)) || (await readTemplateFile(places.files)) !== undefined;
  return isThere ? requiredChatTemplate(places, file) : undefined;
}

const OWN = 'chat_template.jinja';

const hasOwn = async ({ directory, files }: Places): Promise<boolean> =>
  directory !== files && (await directory.exists(OWN));

/** A template with the special tokens of a model's files. */
async function templateOf(storage: Storage, path: string, files: Storage): Promise<ChatTemplate> {
  return loadChatTemplate(files, { template: await readText(storage, path), name: `${storage.name}/${path}` });
}
