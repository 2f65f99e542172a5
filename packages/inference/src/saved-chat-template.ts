import { type ChatTemplate, loadChatTemplate, readText, type Storage } from '@attune/hub';
import { readTemplateFile } from '@attune/hub/internal';

/** Where what was opened lies. */
interface Places {
  readonly directory: Storage;
  /** Of the base, with its tokenizer. */
  readonly files: Storage;
}

const OWN = 'chat_template.jinja';

/**
 * How turns are written for a model that was opened: an adapter may have a template of its own, which it was trained with.
 * @returns undefined for a model without one
 * @throws AttuneError `E_TEMPLATE`, as `loadChatTemplate`
 */
export async function savedChatTemplate({ directory, files }: Places): Promise<ChatTemplate | undefined> {
  if (directory !== files && (await directory.exists(OWN))) {
    return loadChatTemplate(files, { template: await readText(directory, OWN), name: `${directory.name}/${OWN}` });
  }
  return (await readTemplateFile(files)) ? loadChatTemplate(files) : undefined;
}
