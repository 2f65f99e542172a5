/** The files of a tokenizer as transformers 5 puts them together: tokenizer.json does not always have the last word. */
import { AttuneError } from '@attune/ir';
import { type JsonLimits, readJson } from '../json-file.js';
import { label, missingFile, readText, requireSize, type Storage } from '../storage.js';
import { bertDefinition, isBertClass, namedTokens, vocabularyDefinition } from './bert-files.js';
import { type Definition, isRecord } from './definition.js';
import { withExtraTokens } from './extra-tokens.js';

/** Far beyond the largest: Gemma 3's has 33 MB and 1.9 million entries, LaBSE's half a million keys. */
const limits: JsonLimits = { maxBytes: 64 * 2 ** 20, maxDepth: 100, maxEntries: 4e6, maxKeys: 8e5 };
/** LaBSE's has 5 MB. */
const vocabularyBytes = 16 * 2 ** 20;

export interface TokenizerFiles {
  /** How error messages call it. */
  readonly file: string;
  readonly definition: Definition;
  readonly config: Definition;
}

/**
 * Reads tokenizer.json (or vocab.txt, for BERT) with tokenizer_config.json, special_tokens_map.json and
 * added_tokens.json, or a GGUF file. For BERT's classes transformers takes only the vocabulary of tokenizer.json.
 * @throws AttuneError `E_FILE_MISSING` without a vocabulary that can be read; `E_FILE_JSON`, `E_TOKENIZER`, also for files
 * beyond the limits
 */
export async function readTokenizerFiles(storage: Storage, model: Definition): Promise<TokenizerFiles> {
  const optional = async (path: string): Promise<Definition> => {
    if (!(await storage.exists(path))) return {};
    const value = await readJson(storage, path, limits);
    const file = label(storage, path);
    if (!isRecord(value)) throw new AttuneError('E_TOKENIZER', `${file} is not a tokenizer.`, { file });
    return value;
  };
  const hasFile = await storage.exists('tokenizer.json');
  const inGguf = hasFile ? undefined : await tokenizerInGguf(storage);
  const own = { ...inGguf?.config, ...(await optional('tokenizer_config.json')) };
  if (inGguf) return { ...inGguf, config: own };
  const stored = hasFile ? await optional('tokenizer.json') : await readVocabulary(storage);
  const listed = isRecord(own.added_tokens_decoder) ? own.added_tokens_decoder : undefined;
  const config = listed ? own : { ...own, ...(await optional('special_tokens_map.json')) };
  const isBert = !hasFile || isBertClass(stored, own.tokenizer_class ?? model.tokenizer_class, model.model_type);
  const extra = config.extra_special_tokens ?? config.additional_special_tokens;
  const definition = withExtraTokens(isBert && listed ? { ...stored, added_tokens: [] } : stored, {
    listed,
    legacy: listed ? {} : await optional('added_tokens.json'),
    special: [...namedTokens(config, isBert), ...(Array.isArray(extra) ? extra : [])],
    mostIds: typeof model.vocab_size === 'number' ? model.vocab_size : Number.POSITIVE_INFINITY,
    file: label(storage, 'tokenizer_config.json'),
  });
  return {
    file: label(storage, hasFile ? 'tokenizer.json' : 'vocab.txt'),
    definition: isBert ? bertDefinition(definition, config) : definition,
    config,
  };
}

/** What a GGUF file says, if no other file has the vocabulary. */
async function tokenizerInGguf(storage: Storage) {
  if (await storage.exists('vocab.txt')) return undefined;
  return (await import('../gguf/weights.js')).ggufTokenizerIn(storage);
}

async function readVocabulary(storage: Storage): Promise<Definition> {
  if (await storage.exists('vocab.txt')) {
    await requireSize(storage, 'vocab.txt', vocabularyBytes, 'E_TOKENIZER');
    return vocabularyDefinition(await readText(storage, 'vocab.txt'), label(storage, 'vocab.txt'));
  }
  const missing = missingFile(label(storage, 'tokenizer.json'));
  const others = ['vocab.json', 'merges.txt', 'spiece.model', 'sentencepiece.bpe.model', 'tokenizer.model'];
  const found: string[] = [];
  for (const name of others) if (await storage.exists(name)) found.push(name);
  const fault = found.length > 0 ? ` ${found.join(' and ')} alone cannot be read.` : '';
  throw new AttuneError(missing.code, `${missing.message}${fault}`, {
    file: label(storage, 'tokenizer.json'),
    hint: 'tokenizer.json or, for BERT, vocab.txt is needed: AutoTokenizer.from_pretrained(dir).save_pretrained(dir) writes it.',
  });
}
