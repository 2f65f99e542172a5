/** From a tokenizer.json of transformers to what a GGUF file says of the tokenizer. */
import { AttuneError } from '@attune/ir';
import { type Definition, isRecord } from '../tokenization/definition.js';
import type { TokenizerFiles } from '../tokenization/tokenizer-files.js';
import { byteLevelSplits, splitOf } from './byte-level-splits.js';
import { tokenTypes } from './token-types.js';
import type { GgufField } from './write.js';

/**
 * @param rows of the embeddings: a token for each, the last ones unused
 * @param chatTemplate as transformers renders it; none by default
 * @throws AttuneError `E_TOKENIZER` for one that llama.cpp does not have
 */
export function tokenizerFields(
  { definition, config, file }: TokenizerFiles,
  rows: number,
  chatTemplate?: string,
): ReadonlyMap<string, GgufField> {
  const { model } = definition;
  if (!isRecord(model) || model.type !== 'BPE' || !isRecord(model.vocab)) {
    throw unsupported(
      file,
      'model',
      `is a ${isRecord(model) ? String(model.type) : 'missing'} model; Attune writes BPE`,
    );
  }
  const vocabulary = new Map(Object.entries(model.vocab).map(([token, id]) => [token, Number(id)]));
  const added = addedTokens(definition);
  const idOf = (token: string | undefined) =>
    token === undefined ? undefined : (added.find(({ content }) => content === token)?.id ?? vocabulary.get(token));
  const unknown = idOf(tokenText(config.unk_token) ?? tokenText(model.unk_token));
  const isSentencePiece = model.byte_fallback === true;
  const tokens = Array.from({ length: rows }, (_, id) => `[PAD${id}]`);
  const types: number[] = new Array(rows).fill(tokenTypes.unused);
  for (const [token, id] of vocabulary) {
    tokens[id] = token;
    types[id] = isSentencePiece && /^<0x[0-9A-F]{2}>$/.test(token) ? tokenTypes.byte : tokenTypes.normal;
  }
  for (const { content, id, special } of added) {
    tokens[id] = content;
    types[id] = special ? tokenTypes.control : tokenTypes.userDefined;
  }
  if (isSentencePiece && unknown !== undefined) types[unknown] = tokenTypes.unknown;
  const merges = mergesOf(model);
  const own = isSentencePiece
    ? sentencePieceFields(definition, tokens, merges)
    : byteLevelFields(definition, merges, file);
  const { first, last } = aroundTexts(definition.post_processor);
  const ids = {
    bos: config.bos_token,
    eos: config.eos_token,
    unknown: config.unk_token ?? model.unk_token,
    padding: config.pad_token,
  };
  return new Map<string, GgufField>([
    ...Object.entries(own),
    ['tokenizer.ggml.tokens', { type: 'texts', value: tokens }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: types }],
    ...Object.entries(ids).flatMap(([name, token]) => {
      const value = idOf(tokenText(token));
      return value === undefined ? [] : [[`tokenizer.ggml.${name}_token_id`, { type: 'u32', value }] as const];
    }),
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: first }],
    ['tokenizer.ggml.add_eos_token', { type: 'bool', value: last }],
    ...(chatTemplate === undefined
      ? []
      : [['tokenizer.chat_template', { type: 'text', value: chatTemplate }] as const]),
  ]);
}

type Fields = Readonly<Record<string, GgufField>>;

function byteLevelFields(definition: Definition, merges: readonly (readonly [string, string])[], file: string): Fields {
  const split = splitOf(definition);
  if (!split) {
    const known = byteLevelSplits.map(({ name }) => name).join(', ');
    throw unsupported(file, 'pre_tokenizer', `splits texts as none of ${known} does`);
  }
  return {
    'tokenizer.ggml.model': { type: 'text', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'text', value: split.name },
    'tokenizer.ggml.merges': { type: 'texts', value: merges.map((pair) => pair.join(' ')) },
    'tokenizer.ggml.add_space_prefix': { type: 'bool', value: false },
  };
}

/** llama.cpp joins the pair whose token has the highest score: the one that is merged first. */
function sentencePieceFields(
  { normalizer, pre_tokenizer }: Definition,
  tokens: readonly string[],
  merges: readonly (readonly [string, string])[],
): Fields {
  const ranks = new Map<string, number>();
  for (const [rank, [first, second]] of merges.entries()) {
    const token = first + second;
    if (!ranks.has(token)) ranks.set(token, rank);
  }
  const text = JSON.stringify([normalizer, pre_tokenizer]);
  const hasPrefix = text.includes('"Prepend"') || /"prepend_scheme":"(first|always)"/.test(text);
  return {
    'tokenizer.ggml.model': { type: 'text', value: 'llama' },
    'tokenizer.ggml.pre': { type: 'text', value: 'default' },
    'tokenizer.ggml.scores': { type: 'f32s', value: tokens.map((token) => -(ranks.get(token) ?? merges.length)) },
    'tokenizer.ggml.add_space_prefix': { type: 'bool', value: hasPrefix },
  };
}

/** Pairs, which tokenizer.json has as lists or as texts with a space between. */
function mergesOf({ merges }: Definition): readonly (readonly [string, string])[] {
  return (Array.isArray(merges) ? merges : []).map((pair: unknown) => {
    const [first, second] = Array.isArray(pair) ? pair : String(pair).split(' ');
    return [String(first), String(second)] as const;
  });
}

function addedTokens({ added_tokens: list }: Definition) {
  return (Array.isArray(list) ? list : []).flatMap((token: unknown) =>
    isRecord(token) && typeof token.content === 'string' && typeof token.id === 'number'
      ? [{ content: token.content, id: token.id, special: token.special === true }]
      : [],
  );
}

/** Whether a special token comes before a text, and after it. */
function aroundTexts(processor: unknown): { readonly first: boolean; readonly last: boolean } {
  const parts = isRecord(processor) && Array.isArray(processor.processors) ? processor.processors : [processor];
  const template = parts.find((part) => isRecord(part) && part.type === 'TemplateProcessing');
  const single = isRecord(template) && Array.isArray(template.single) ? template.single : [];
  const isSpecial = (piece: unknown) => isRecord(piece) && isRecord(piece.SpecialToken);
  return { first: isSpecial(single[0]), last: isSpecial(single.at(-1)) };
}

const tokenText = (token: unknown): string | undefined => {
  const text = isRecord(token) ? token.content : token;
  return typeof text === 'string' ? text : undefined;
};

const unsupported = (file: string, field: string, problem: string): AttuneError =>
  new AttuneError('E_TOKENIZER', `${file}: ${field} ${problem}, so that it cannot be in a GGUF file.`, { file, field });
