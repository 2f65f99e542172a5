/** JSON files of others: bounds are checked before JSON.parse, which takes 30 times the file's size for some texts. */
import { AttuneError } from '@attune/ir';
import { endOfString } from './json-faults.js';
import { label, readText, requireSize, type Storage } from './storage.js';

export interface JsonLimits {
  readonly maxBytes: number;
  /** How many objects and lists may lie in each other. */
  readonly maxDepth: number;
  /** How many entries all objects and lists may have together. */
  readonly maxEntries: number;
  /** How many of these may have a key, which takes most of the time and memory. */
  readonly maxKeys: number;
}

/** Bounds of files that describe a model, an adapter or a checkpoint: far beyond what such files need. */
const descriptionLimits: JsonLimits = { maxBytes: 16 * 2 ** 20, maxDepth: 100, maxEntries: 1e6, maxKeys: 5e5 };

/**
 * Reads a JSON file.
 * @throws AttuneError `E_FILE_MISSING`; `E_FILE_JSON`, also beyond the limits; `E_FILE_ENCODING`, `E_LFS_POINTER`
 */
export async function readJson(
  storage: Storage,
  path: string,
  limits: JsonLimits = descriptionLimits,
): Promise<unknown> {
  const file = label(storage, path);
  await requireSize(storage, path, limits.maxBytes, 'E_FILE_JSON');
  const text = await readText(storage, path);
  const excess = excessOf(text, limits);
  if (excess) throw new AttuneError('E_FILE_JSON', `${file} ${excess}.`, { file });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new AttuneError('E_FILE_JSON', `${file} is not valid JSON: ${problem}.`, { file, cause });
  }
}

/** What a text has too much of, by its signs outside of strings. */
function excessOf(text: string, { maxDepth, maxEntries, maxKeys }: JsonLimits): string | undefined {
  let [depth, entries, keys] = [0, 0, 0];
  for (let index = 0; index < text.length; index++) {
    const sign = text[index];
    if (sign === '"') index = endOfString(text, index);
    else if (sign === ',') entries++;
    else if (sign === ':') keys++;
    else if (sign === ']' || sign === '}') depth--;
    else if (sign === '[' || sign === '{') {
      entries++;
      if (++depth > maxDepth) return `nests more than ${maxDepth} objects and lists`;
    }
  }
  if (entries > maxEntries) return `has ${entries} entries, the limit is ${maxEntries}`;
  return keys > maxKeys ? `has ${keys} keys, the limit is ${maxKeys}` : undefined;
}
