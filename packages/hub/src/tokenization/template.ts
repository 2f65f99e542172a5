/** Where special tokens stand around one text or a pair (`post_processor` of tokenizer.json). */
import { AttuneError } from '@attune/ir';
import {
  type IdLimit,
  idOf,
  membersOf,
  type Part,
  partOf,
  stepsOf,
  textOf,
  typeIdOf,
  unknownType,
} from './definition.js';

/** A special token, or the place of the first (0) or second (1) text. */
export type TemplatePiece =
  | { readonly kind: 'special'; readonly id: number; readonly token: string; readonly typeId: number }
  | { readonly kind: 'text'; readonly sequence: 0 | 1; readonly typeId: number };

export interface Template {
  readonly single: readonly TemplatePiece[];
  readonly pair: readonly TemplatePiece[];
  /** Whether offsets leave out the spaces that byte-level tokens hold; and whether one was put before the text. */
  readonly trimOffsets?: { readonly prefixed: boolean };
}

/** What a template may name. */
export interface TemplateLimits {
  readonly ids: IdLimit;
  readonly typeIds: IdLimit;
  readonly idOf: (token: string) => number | undefined;
}

const text = (sequence: 0 | 1, typeId: number = sequence): TemplatePiece => ({ kind: 'text', sequence, typeId });
const bare: Template = { single: [text(0)], pair: [text(0), text(1)] };

/**
 * @throws AttuneError `E_TOKENIZER` for a type that is not supported, a special token without id, an id or type id
 * beyond the limits, and a template that does not hold each text once
 */
export function createTemplate(definition: unknown, file: string, limits: TemplateLimits): Template {
  if (definition === null || definition === undefined) return bare;
  const part = partOf(definition, 'post_processor', file);
  const template = create(part, limits);
  requireEachOnce(template.single, [0], 'single', part);
  requireEachOnce(template.pair, [0, 1], 'pair', part);
  return template;
}

function requireEachOnce(pieces: readonly TemplatePiece[], texts: readonly number[], name: string, part: Part): void {
  const found = pieces.flatMap((piece) => (piece.kind === 'text' ? [piece.sequence] : []));
  if (found.length === texts.length && texts.every((text) => found.some((sequence) => sequence === text))) return;
  const { file, field } = part;
  const fault = `has ${found.length} places for texts; ${texts.length === 1 ? 'the text' : 'each of the two texts'} needs one`;
  throw new AttuneError('E_TOKENIZER', `${file}: ${field}.${name} ${fault}.`, { file, field: `${field}.${name}` });
}

function create(part: Part, limits: TemplateLimits): Template {
  const { value } = part;
  switch (value.type) {
    case 'Sequence': {
      const members = stepsOf(part, 'processors').map((member) => create(member, limits));
      const pieces = members.findLast(({ single }) => single !== bare.single) ?? bare;
      const trimmed = members.find(({ trimOffsets }) => trimOffsets);
      return { ...pieces, ...(trimmed?.trimOffsets ? { trimOffsets: trimmed.trimOffsets } : {}) };
    }
    case 'TemplateProcessing':
      return { single: piecesOf(part, 'single', limits), pair: piecesOf(part, 'pair', limits) };
    case 'ByteLevel':
      return { ...bare, ...trimming(part) };
    case 'BertProcessing': {
      const [start, end] = [special(part, 'cls', 0, limits), special(part, 'sep', 0, limits)];
      const last = special(part, 'sep', 1, limits);
      return { single: [start, text(0), end], pair: [start, text(0), end, text(1), last] };
    }
    case 'RobertaProcessing': {
      const [start, end] = [special(part, 'cls', 0, limits), special(part, 'sep', 0, limits)];
      const pair = [start, text(0), end, end, text(1, 0), end];
      return { single: [start, text(0), end], pair, ...trimming(part) };
    }
    default:
      throw unknownType(part);
  }
}

function trimming({ value }: Part): Partial<Template> {
  return value.trim_offsets === false ? {} : { trimOffsets: { prefixed: value.add_prefix_space !== false } };
}

function piecesOf(part: Part, name: string, limits: TemplateLimits): readonly TemplatePiece[] {
  return membersOf(part, name).flatMap((piece): TemplatePiece[] => {
    const [kind] = Object.keys(piece.value);
    const inner = partOf(piece.value[kind ?? ''], `${piece.field}.${kind}`, piece.file);
    const place = { field: `${inner.field}.type_id`, file: inner.file };
    const typeId = typeIdOf(inner.value.type_id ?? 0, limits.typeIds, place);
    const name = textOf(inner, 'id');
    if (kind === 'Sequence') return [text(name === 'B' ? 1 : 0, typeId)];
    return tokensOf(part, name, limits).map(({ id, token }) => ({ kind: 'special', id, token, typeId }));
  });
}

/** A special token may stand for several. */
function tokensOf(part: Part, name: string, limits: TemplateLimits) {
  const specials = partOf(part.value.special_tokens ?? {}, `${part.field}.special_tokens`, part.file).value;
  const entry = Object.hasOwn(specials, name) ? specials[name] : undefined;
  const place = { field: `${part.field}.special_tokens`, file: part.file };
  if (typeof entry === 'object' && entry !== null && 'ids' in entry && Array.isArray(entry.ids)) {
    const tokens = 'tokens' in entry && Array.isArray(entry.tokens) ? entry.tokens : [];
    return entry.ids.map((id: unknown, index) => {
      const token = typeof tokens[index] === 'string' ? tokens[index] : name;
      return { id: idOf(id, token, limits.ids, place), token };
    });
  }
  const id = limits.idOf(name);
  if (id !== undefined) return [{ id, token: name }];
  throw new AttuneError('E_TOKENIZER', `${part.file}: ${part.field} has no id for the special token "${name}".`, place);
}

/** `[token, id]`, as BERT and RoBERTa processors write it. */
function special({ value, field, file }: Part, name: string, typeId: number, limits: TemplateLimits): TemplatePiece {
  const entry = value[name];
  const place = { file, field: `${field}.${name}` };
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') {
    throw new AttuneError('E_TOKENIZER', `${file}: ${field}.${name} is no pair of a token and its id.`, place);
  }
  const [token, id]: readonly unknown[] = entry;
  return { kind: 'special', token: String(token), id: idOf(id, String(token), limits.ids, place), typeId };
}
