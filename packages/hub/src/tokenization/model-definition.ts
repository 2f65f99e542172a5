/** The `model` of tokenizer.json, checked before the library sees it. */
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { inEnglish } from '../english.js';
import { type Definition, type IdLimit, idOf, isRecord, type Part } from './definition.js';

const types = ['WordPiece', 'BPE', 'Unigram', 'WordLevel'] as const;
export type ModelType = (typeof types)[number];

export interface ModelDefinition {
  readonly type: ModelType;
  /** With the defaults that the library lacks. */
  readonly definition: Definition;
  /** Tokens and their ids, in the order of the file. */
  readonly tokens: ReadonlyMap<string, number>;
  /** UTF-16 units of the longest token, and of all together with the merges. */
  readonly longest: number;
  readonly units: number;
  readonly merges: number;
}

const text = z.nullish(z.string());
const flag = z.nullish(z.boolean());

const fields = z.looseObject({
  unk_token: text,
  unk_id: z.nullish(z.int().check(z.minimum(0))),
  continuing_subword_prefix: text,
  end_of_word_suffix: text,
  fuse_unk: flag,
  byte_fallback: flag,
  ignore_merges: flag,
  max_input_chars_per_word: z.optional(z.int().check(z.minimum(0))),
});

/** @throws AttuneError `E_TOKENIZER` that names the entry that is malformed or not supported */
export function readModel({ value, field, file }: Part, limit: (entries: number) => IdLimit): ModelDefinition {
  const place = (name: string) => ({ file, field: `${field}.${name}` });
  const { data, error } = fields.safeParse(value, inEnglish);
  if (!data) {
    const path = error.issues[0]?.path.join('.') ?? '';
    throw new AttuneError('E_TOKENIZER', `${file}: ${field}.${path}: ${error.issues[0]?.message}.`, place(path));
  }
  const type = typeOf(value);
  if (type === undefined) {
    throw new AttuneError(
      'E_TOKENIZER',
      `${file}: ${field} has the type "${String(value.type)}", which is not supported.`,
      {
        file,
        field,
      },
    );
  }
  const isList = type === 'Unigram';
  if (isList ? !Array.isArray(value.vocab) : !isRecord(value.vocab)) {
    const shape = isList ? 'list of pairs of a token and its score' : 'table of tokens and ids';
    throw new AttuneError('E_TOKENIZER', `${file}: ${field}.vocab is no ${shape}.`, place('vocab'));
  }
  const tokens = isList ? readScores(value.vocab, limit, place('vocab')) : readIds(value.vocab, limit, place('vocab'));
  if (typeof data.unk_id === 'number' && data.unk_id >= tokens.length) {
    const fault = `${field}.unk_id is ${data.unk_id}; there are ${tokens.length} tokens`;
    throw new AttuneError('E_TOKENIZER', `${file}: ${fault}.`, place('unk_id'));
  }
  const merges = type === 'BPE' ? readMerges(value.merges, place('merges')) : { count: 0, units: 0 };
  let [longest, units] = [0, merges.units];
  for (const [token] of tokens) {
    longest = Math.max(longest, token.length);
    units += token.length;
  }
  const prefix = type === 'WordPiece' ? { continuing_subword_prefix: data.continuing_subword_prefix ?? '##' } : {};
  const definition = { ...value, ...prefix, type };
  return { type, definition, tokens: new Map(tokens), longest, units, merges: merges.count };
}

/** Files of old libraries do not say it. */
function typeOf({ type, vocab, merges }: Definition): ModelType | undefined {
  if (type !== undefined && type !== null) return types.find((known) => known === type);
  if (Array.isArray(vocab)) return 'Unigram';
  return merges === undefined ? 'WordPiece' : 'BPE';
}

type Place = Pick<Part, 'field' | 'file'>;
type Tokens = (readonly [string, number])[];

function readIds(vocab: unknown, limit: (entries: number) => IdLimit, place: Place): Tokens {
  const entries = Object.entries(isRecord(vocab) ? vocab : {});
  const ids = limit(entries.length);
  return entries.map(([token, id]) => [token, idOf(id, token, ids, place)]);
}

function readScores(vocab: unknown, limit: (entries: number) => IdLimit, { file, field }: Place): Tokens {
  const entries: readonly unknown[] = Array.isArray(vocab) ? vocab : [];
  const ids = limit(entries.length);
  const tokens = entries.map((entry, id): readonly [string, number] => {
    if (Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number') {
      return [entry[0], idOf(id, entry[0], ids, { file, field })];
    }
    const fault = `${field}[${id}] is no pair of a token and its score`;
    throw new AttuneError('E_TOKENIZER', `${file}: ${fault}.`, { file, field: `${field}[${id}]` });
  });
  if (tokens.length > 0) return tokens;
  throw new AttuneError('E_TOKENIZER', `${file}: ${field} is empty.`, { file, field });
}

function readMerges(merges: unknown, { file, field }: Place): { readonly count: number; readonly units: number } {
  if (!Array.isArray(merges)) throw new AttuneError('E_TOKENIZER', `${file}: ${field} is no list.`, { file, field });
  let units = 0;
  const isPaired = Array.isArray(merges[0]);
  for (const [index, merge] of merges.entries()) {
    const parts: unknown = isPaired ? merge : typeof merge === 'string' && merge.split(' ');
    if (!Array.isArray(parts) || parts.length !== 2 || !parts.every((part) => typeof part === 'string')) {
      const fault = `${field}[${index}] is no pair of tokens`;
      throw new AttuneError('E_TOKENIZER', `${file}: ${fault}.`, { file, field: `${field}[${index}]` });
    }
    for (const part of parts) units += part.length;
  }
  return { count: merges.length, units };
}
