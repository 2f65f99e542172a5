/** Where the files of a model keep its chat template, and the special tokens that templates write. */
import { AttuneError } from '@attune/ir';
import { readJson } from '../json-file.js';
import { label, readText, requireSize, type Storage } from '../storage.js';
import { isRecord, tokenContent } from '../tokenization/definition.js';

/** Llama 3.1's, which is long, has 8 KB. */
const mostBytes = 2 ** 20;

/** Templates by their names; one that stands alone is called `default`. */
export interface TemplateFile {
  readonly file: string;
  readonly templates: ReadonlyMap<string, string>;
}

/**
 * The first of chat_template.jinja, chat_template.json and `chat_template` of tokenizer_config.json, else that of a GGUF file;
 * undefined without any.
 * @throws AttuneError `E_TEMPLATE` for one that is no text; `E_FILE_JSON`, `E_FILE_ENCODING`
 */
export async function readTemplateFile(storage: Storage): Promise<TemplateFile | undefined> {
  if (await storage.exists('chat_template.jinja')) return readTemplateText(storage, 'chat_template.jinja');
  for (const path of ['chat_template.json', 'tokenizer_config.json']) {
    if (!(await storage.exists(path))) continue;
    const content = await readJson(storage, path);
    const found = isRecord(content) ? content.chat_template : undefined;
    if (found !== undefined && found !== null) {
      return { file: label(storage, path), templates: namedTemplates(found, label(storage, path)) };
    }
  }
  const inGguf = await tokenizerInGguf(storage);
  const found = inGguf?.config.chat_template;
  return inGguf && found !== undefined
    ? { file: inGguf.file, templates: namedTemplates(found, inGguf.file) }
    : undefined;
}

/** What a GGUF file says of the tokenizer, if no other file does. */
async function tokenizerInGguf(storage: Storage) {
  if (await storage.exists('tokenizer.json')) return undefined;
  return (await import('../gguf/weights.js')).ggufTokenizerIn(storage);
}

/** A file that is a template. */
async function readTemplateText(storage: Storage, path: string): Promise<TemplateFile> {
  const file = label(storage, path);
  await requireSize(storage, path, mostBytes, 'E_TEMPLATE');
  return { file, templates: new Map([['default', await readText(storage, path)]]) };
}

function namedTemplates(found: unknown, file: string): ReadonlyMap<string, string> {
  if (typeof found === 'string') return new Map([['default', found]]);
  const named = Array.isArray(found) ? found : [];
  const pairs = named.flatMap((entry): [string, string][] =>
    isRecord(entry) && typeof entry.name === 'string' && typeof entry.template === 'string'
      ? [[entry.name, entry.template]]
      : [],
  );
  if (pairs.length > 0 && pairs.length === named.length) return new Map(pairs);
  throw new AttuneError('E_TEMPLATE', `${file}: chat_template is neither a text nor a list of named templates.`, {
    file,
    field: 'chat_template',
    hint: 'A list has entries { "name": "default", "template": "…" }.',
  });
}

/** The special tokens by transformers' names: `bos_token`, `eos_token` and others. */
export async function readSpecialTokens(storage: Storage): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const sources: unknown[] = [(await tokenizerInGguf(storage))?.config];
  for (const path of ['special_tokens_map.json', 'tokenizer_config.json']) {
    if (await storage.exists(path)) sources.push(await readJson(storage, path));
  }
  for (const content of sources) {
    for (const [name, token] of Object.entries(isRecord(content) ? content : {})) {
      const text = name.endsWith('_token') ? tokenContent(token) : undefined;
      if (text !== undefined) found[name] = text;
    }
  }
  return found;
}
