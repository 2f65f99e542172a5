/** Tokens that stand in other files than tokenizer.json, added in the order of transformers 5. */
import { type Definition, type IdLimit, idOf, isRecord } from './definition.js';

export interface ExtraTokens {
  /** `added_tokens_decoder` of tokenizer_config.json: tokens by their ids. */
  readonly listed: Definition | undefined;
  /** added_tokens.json: ids by tokens. */
  readonly legacy: Definition;
  /** Texts or tokens that are special; they are added if nothing else has them. */
  readonly special: readonly unknown[];
  /** Special tokens that nothing lists are left out from here. */
  readonly mostIds: number;
  readonly file: string;
}

interface Extra extends Definition {
  readonly content: string;
}

/** @throws AttuneError `E_TOKENIZER` for an id that is none */
export function withExtraTokens(
  definition: Definition,
  { listed, legacy, special, mostIds, file }: ExtraTokens,
): Definition {
  const own: readonly unknown[] = Array.isArray(definition.added_tokens) ? definition.added_tokens : [];
  const specials = special.flatMap((token) => extraOf(token, { special: true }) ?? []);
  const isSpecial = (content: string) => specials.some((token) => token.content === content);
  const any: IdLimit = { below: Number.POSITIVE_INFINITY, reason: '' };
  const byId = new Map<number, Extra>();
  for (const [id, token] of Object.entries(listed ?? {})) {
    const extra = extraOf(token, {});
    const place = { file, field: 'added_tokens_decoder' };
    if (extra) byId.set(idOf(Number(id), extra.content, any, place), { ...extra, special: extra.special ?? false });
  }
  for (const [content, id] of Object.entries(legacy)) {
    const place = { file: file.replace('tokenizer_config', 'added_tokens'), field: content };
    const special = isSpecial(content);
    byId.set(idOf(id, content, any, place), { content, special, normalized: !special });
  }
  const vocab = isRecord(definition.model) ? definition.model.vocab : undefined;
  const known = isRecord(vocab) ? vocab : {};
  const tokens: unknown[] = [...own];
  const ids = new Map<unknown, unknown>();
  let highest = -1;
  const setId = (content: unknown, id: unknown): void => {
    ids.set(content, id);
    highest = Math.max(highest, Number(id) || 0);
  };
  for (const token of own) if (isRecord(token)) setId(token.content, token.id);
  let count: number | undefined;
  // Counts only for a token that is new: BERT's own are not.
  const nextId = (): number => {
    count ??= Array.isArray(vocab) ? vocab.length : Object.keys(known).length;
    return Math.max(count, highest + 1);
  };
  const knownId = ({ content }: Extra) => (Object.hasOwn(known, content) ? known[content] : undefined);
  const add = (token: Extra): void => {
    const id = knownId(token) ?? ids.get(token.content) ?? nextId();
    setId(token.content, id);
    tokens.push({ ...token, id });
  };
  for (const [, token] of [...byId].sort(([first], [second]) => first - second)) add(token);
  for (const token of specials) {
    const isNew = knownId(token) === undefined;
    if (!ids.has(token.content) && !(isNew && nextId() >= mostIds)) add(token);
  }
  return { ...definition, added_tokens: tokens };
}

function extraOf(token: unknown, defaults: Definition): Extra | undefined {
  const content = isRecord(token) ? token.content : token;
  if (typeof content !== 'string' || content === '') return undefined;
  return { ...(isRecord(token) ? token : {}), ...defaults, content };
}
