/** Weights in formats whose reading can run code. */
import { AttuneError } from '@attune/ir';
import { label, type Storage } from './storage.js';

const pickled = /\.(bin|pt|pth|ckpt|pkl|pickle|h5|msgpack)$/i;

/** Whether a file is one of those formats, by its name. */
export const isPickled = (file: string): boolean => pickled.test(file);

/**
 * Refuses a directory without safetensors that has pickled weights.
 * @param recipe how Python converts them
 * @param directory where it lies in the storage
 * @throws AttuneError `E_UNSAFE_FORMAT`
 */
export async function refusePickled(storage: Storage, recipe: string, directory = ''): Promise<void> {
  // A directory that is not there is told by who reads from it.
  const entries = await storage.list(directory).catch(() => []);
  const found = entries.find(({ name, kind }) => kind === 'file' && isPickled(name));
  if (found) throw unsafeFormat(label(storage, directory === '' ? found.name : `${directory}/${found.name}`), recipe);
}

/** @param file how messages call the pickled file */
export const unsafeFormat = (file: string, recipe: string): AttuneError =>
  new AttuneError(
    'E_UNSAFE_FORMAT',
    `${file} is in a format that can run code when it is read; safetensors is needed.`,
    {
      file,
      hint: `Convert it once in Python: ${recipe}`,
    },
  );

export const modelRecipe = 'AutoModel.from_pretrained(dir).save_pretrained(dir, safe_serialization=True).';

export const adapterRecipe =
  'PeftModel.from_pretrained(base_model, dir).save_pretrained(dir, safe_serialization=True).';

export const adapterHubRecipe = 'name = model.load_adapter(dir); model.save_adapter(dir, name, use_safetensors=True).';
