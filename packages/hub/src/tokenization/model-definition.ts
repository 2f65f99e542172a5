/** The `model` of tokenizer.json, checked before the library sees it. */
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { inEnglish } from '../english.js';
import { type Definition, type IdLimit, idOf, isRecord, type Part, type Place, requireAtMost } from './definition.js';

const types = ['WordPiece', 'BPE', 'Unigram', 'WordLevel'] as const;
export type ModelType = (typeof types)[number];

/** A pair of tokens that become one, the first pairs before the later ones. */
type Merge = [first: string, second: string];
/** A token of a Unigram model and the logarithm of its probability. */
type Score = [token: string, score: number];

export interface ModelDefinition {
  readonly type: ModelType;
  /** Tokens and their ids, in the order of the file. */
  readonly tokens: Map<string, number>;
  readonly fields: z.output<typeof fields>;
  /** Of BPE; empty for others. */
  readonly merges: Merge[];
  /** Of Unigram; empty for others. */
  readonly scores: Score[];
  /** UTF-16 units of the longest token, and of all together with the merges. */
  readonly longest: number;
  readonly units: number;
}

/** LaBSE's vocabulary has 501,153 tokens, Gemma 3 has 514,906 merges. */
export const mostTokens = 600_000;
const mostMerges = 1_000_000;

const text = z.nullish(z.string());
const flag = z.pipe(
  z.nullish(z.boolean()),
  z.transform((value) => value ?? false),
);

const fields = z.object({
  unk_token: text,
  unk_id: z.nullish(z.int().check(z.minimum(0))),
  continuing_subword_prefix: text,
  end_of_word_suffix: text,
  fuse_unk: flag,
  byte_fallback: flag,
  ignore_merges: flag,
  max_input_chars_per_word: z._default(z.int().check(z.minimum(0)), 100),
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
  const scores = type === 'Unigram' ? readScores(value.vocab, place('vocab')) : [];
  const vocab = type === 'Unigram' ? {} : readVocabulary(value.vocab, place('vocab'));
  // Object.entries takes twice as long.
  const names = type === 'Unigram' ? scores.map(([token]) => token) : Object.keys(vocab);
  requireAtMost(mostTokens, names.length, place('vocab'));
  const ids = limit(names.length);
  const tokens = new Map<string, number>();
  for (const [index, token] of names.entries()) {
    tokens.set(token, idOf(type === 'Unigram' ? index : vocab[token], token, ids, place('vocab')));
  }
  if (typeof data.unk_id === 'number' && data.unk_id >= names.length) {
    const fault = `${field}.unk_id is ${data.unk_id}; there are ${names.length} tokens`;
    throw new AttuneError('E_TOKENIZER', `${file}: ${fault}.`, place('unk_id'));
  }
  const merges = type === 'BPE' ? readMerges(value.merges, place('merges')) : [];
  let [longest, units] = [0, 0];
  for (const token of tokens.keys()) {
    longest = Math.max(longest, token.length);
    units += token.length;
  }
  for (const [first, second] of merges) units += first.length + second.length;
  return { type, tokens, fields: data, merges, scores, longest, units };
}

/** Files of old libraries do not say it. */
function typeOf({ type, vocab, merges }: Definition): ModelType | undefined {
  if (type !== undefined && type !== null) return types.find((known) => known === type);
  if (Array.isArray(vocab)) return 'Unigram';
  return merges === undefined ? 'WordPiece' : 'BPE';
}

function readVocabulary(vocab: unknown, { file, field }: Place): Definition {
  if (isRecord(vocab)) return vocab;
  throw new AttuneError('E_TOKENIZER', `${file}: ${field} is no table of tokens and ids.`, { file, field });
}

function readScores(vocab: unknown, { file, field }: Place): Score[] {
  const entries: readonly unknown[] = Array.isArray(vocab) ? vocab : [];
  const scores = entries.map((entry, id): Score => {
    if (Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number')
      return [entry[0], entry[1]];
    const fault = `${field}[${id}] is no pair of a token and its score`;
    throw new AttuneError('E_TOKENIZER', `${file}: ${fault}.`, { file, field: `${field}[${id}]` });
  });
  if (scores.length > 0) return scores;
  throw new AttuneError('E_TOKENIZER', `${file}: ${field} is no list of tokens and their scores.`, { file, field });
}

function readMerges(merges: unknown, { file, field }: Place): Merge[] {
  if (!Array.isArray(merges)) throw new AttuneError('E_TOKENIZER', `${file}: ${field} is no list.`, { file, field });
  requireAtMost(mostMerges, merges.length, { file, field });
  const isPaired = Array.isArray(merges[0]);
  return merges.map((merge: unknown, index): Merge => {
    const parts: unknown = isPaired ? merge : typeof merge === 'string' && merge.split(' ');
    if (Array.isArray(parts) && parts.length === 2 && typeof parts[0] === 'string' && typeof parts[1] === 'string') {
      return [parts[0], parts[1]];
    }
    const fault = `${field}[${index}] is no pair of tokens`;
    throw new AttuneError('E_TOKENIZER', `${file}: ${fault}.`, { file, field: `${field}[${index}]` });
  });
}
