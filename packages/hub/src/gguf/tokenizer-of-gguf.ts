/** From a GGUF file's metadata to the tokenizer.json and tokenizer_config.json that transformers would have. */
import { AttuneError } from '@attune/ir';
import type { Definition } from '../tokenization/definition.js';
import { byteLevelSplits } from './byte-level-splits.js';
import type { GgufFile } from './read.js';
import { tokenTypes } from './token-types.js';

/** Far beyond SentencePiece's own limit of 16 letters, and Gemma's runs of 31 spaces: the search for pairs is quadratic in it. */
const LONGEST_PIECE = 200;
/** UTF-16 units of all tokens; Gemma 3's have 2 million. */
const MOST_UNITS = 8_000_000;

export interface GgufTokenizer {
  readonly definition: Definition;
  readonly config: Definition;
}

/** @throws AttuneError `E_TOKENIZER` for a kind of tokenizer that Attune does not read, or lists that do not fit each other */
export function tokenizerOfGguf({ name: file, metadata }: GgufFile): GgufTokenizer {
  const field = (key: string) => metadata.get(`tokenizer.ggml.${key}`);
  const fail = (key: string, problem: string): never => {
    throw new AttuneError('E_TOKENIZER', `${file}: tokenizer.ggml.${key} ${problem}.`, {
      file,
      field: `tokenizer.ggml.${key}`,
    });
  };
  const texts = (key: string): readonly string[] => {
    const list = field(key);
    if (!Array.isArray(list)) return fail(key, 'is not a list');
    return list.map((value) => (typeof value === 'string' ? value : fail(key, 'is not a list of texts')));
  };
  const numbers = (key: string, count: number): readonly number[] | undefined => {
    const list = field(key);
    if (list === undefined) return undefined;
    if (!Array.isArray(list) || list.length !== count)
      return fail(key, `does not have one number for each of ${count} tokens`);
    return list.map(Number);
  };
  const flag = (key: string, fallback: boolean) => (typeof field(key) === 'boolean' ? field(key) === true : fallback);

  const tokens = texts('tokens');
  const types = numbers('token_type', tokens.length) ?? tokens.map(() => tokenTypes.normal);
  const kind = field('model');
  const pre = field('pre') ?? 'default';
  const split = byteLevelSplits.find(({ name, aliases = [] }) => [name, ...aliases].some((own) => own === pre));
  if (kind !== 'gpt2' && kind !== 'llama') return fail('model', `is ${shown(kind)}; Attune reads gpt2 and llama`);
  if (kind === 'gpt2' && !split) {
    return fail('pre', `is ${shown(pre)}; Attune reads ${byteLevelSplits.map(({ name }) => name).join(', ')}`);
  }
  const special = (key: string): string | undefined => {
    const id = field(`${key}_token_id`);
    if (id === undefined) return undefined;
    return tokens[Number(id)] ?? fail(`${key}_token_id`, `is ${shown(id)}, there are ${tokens.length} tokens`);
  };
  const [bos, eos, unknown, padding] = ['bos', 'eos', 'unknown', 'padding'].map(special);
  const addsBos = bos !== undefined && flag('add_bos_token', kind === 'llama' || split?.addsBos === true);
  const addsEos = eos !== undefined && flag('add_eos_token', false);
  const added = tokens.flatMap((content, id) => {
    const type = types[id];
    const isSpecial = type === tokenTypes.control || type === tokenTypes.unknown;
    if (!isSpecial && type !== tokenTypes.userDefined) return [];
    const whole = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, special: isSpecial, ...whole }];
  });
  const vocab = Object.fromEntries(
    tokens.flatMap((token, id) => (types[id] === tokenTypes.unused ? [] : [[token, id]])),
  );
  const shared = {
    version: '1.0',
    added_tokens: added,
    post_processor: template(addsBos ? bos : undefined, addsEos ? eos : undefined, (token) => tokens.indexOf(token)),
  };
  const chatTemplate = metadata.get('tokenizer.chat_template');
  const config = {
    ...(bos === undefined ? {} : { bos_token: bos }),
    ...(eos === undefined ? {} : { eos_token: eos }),
    ...(unknown === undefined ? {} : { unk_token: unknown }),
    ...(padding === undefined ? {} : { pad_token: padding }),
    ...(typeof chatTemplate === 'string' ? { chat_template: chatTemplate } : {}),
    tokenizer_class: 'PreTrainedTokenizerFast',
  };
  const model = { type: 'BPE', vocab, ...(unknown === undefined ? {} : { unk_token: unknown }) };
  if (split && kind === 'gpt2') {
    const merges = texts('merges').map((merge, index) => {
      const space = merge.indexOf(' ', 1);
      return space < 0 ? fail('merges', `has no pair at ${index}`) : [merge.slice(0, space), merge.slice(space + 1)];
    });
    const { normalizer, steps, ignoresMerges = false } = split;
    return {
      config,
      definition: {
        ...shared,
        normalizer,
        pre_tokenizer: { type: 'Sequence', pretokenizers: steps },
        decoder: { type: 'ByteLevel' },
        model: { ...model, merges, ignore_merges: ignoresMerges },
      },
    };
  }
  const scores = numbers('scores', tokens.length) ?? fail('scores', 'is missing');
  const long = tokens.findIndex(({ length }) => length > LONGEST_PIECE);
  if (long >= 0) return fail('tokens', `has ${tokens[long]!.length} letters at ${long}; ${LONGEST_PIECE} is the most`);
  const units = tokens.reduce((sum, { length }) => sum + length, 0);
  if (units > MOST_UNITS) return fail('tokens', `has ${units} letters in all; ${MOST_UNITS} is the most`);
  const hasPrefix = flag('add_space_prefix', true);
  return {
    config,
    definition: {
      ...shared,
      normalizer: steps('normalizers', [
        ...(hasPrefix ? [{ type: 'Prepend', prepend: '▁' }] : []),
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ]),
      pre_tokenizer: null,
      decoder: steps('decoders', [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(hasPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ]),
      model: { ...model, merges: mergesOfScores(tokens, scores), byte_fallback: true, fuse_unk: true },
    },
  };
}

const steps = (name: string, list: readonly Definition[]): Definition => ({ type: 'Sequence', [name]: list });

/** The pairs that make each token, those of the highest score first, as transformers' converter of SentencePiece has them. */
function mergesOfScores(tokens: readonly string[], scores: readonly number[]): readonly (readonly [string, string])[] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const found = tokens.flatMap((token, id) => {
    const pairs: { readonly pair: readonly [string, string]; readonly order: readonly number[] }[] = [];
    for (let at = 1; at < token.length; at++) {
      const [first, second] = [token.slice(0, at), token.slice(at)];
      const [left, right] = [ids.get(first), ids.get(second)];
      if (left !== undefined && right !== undefined)
        pairs.push({ pair: [first, second], order: [-scores[id]!, id, left, right] });
    }
    return pairs;
  });
  const compare = (a: readonly number[], b: readonly number[]) => {
    const at = a.findIndex((value, index) => value !== b[index]);
    return at < 0 ? 0 : a[at]! - b[at]!;
  };
  return found.sort((a, b) => compare(a.order, b.order)).map(({ pair }) => pair);
}

function template(bos: string | undefined, eos: string | undefined, idOf: (token: string) => number): Definition {
  const special = (token: string | undefined, typeId: number) =>
    token === undefined ? [] : [{ SpecialToken: { id: token, type_id: typeId } }];
  const text = (id: 'A' | 'B', typeId: number) => [
    ...special(bos, typeId),
    { Sequence: { id, type_id: typeId } },
    ...special(eos, typeId),
  ];
  const around = [...new Set([bos, eos].flatMap((token) => (token === undefined ? [] : [token])))];
  return {
    type: 'TemplateProcessing',
    single: text('A', 0),
    pair: [...text('A', 0), ...text('B', 1)],
    special_tokens: Object.fromEntries(
      around.map((token) => [token, { id: token, ids: [idOf(token)], tokens: [token] }]),
    ),
  };
}

const shown = (value: unknown): string => (value === undefined ? 'missing' : `"${String(value).slice(0, 50)}"`);
