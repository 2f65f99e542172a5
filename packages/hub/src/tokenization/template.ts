/** Where special tokens stand around one text or a pair (`post_processor` of tokenizer.json). */
import { AttuneError } from '@attune/ir';
import { membersOf, type Part, partOf, textOf, unknownType } from './definition.js';

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

const text = (sequence: 0 | 1, typeId: number = sequence): TemplatePiece => ({ kind: 'text', sequence, typeId });
const bare: Template = { single: [text(0)], pair: [text(0), text(1)] };

/** @throws AttuneError `E_TOKENIZER` for a type that is not supported or a special token without id */
export function createTemplate(
  definition: unknown,
  file: string,
  idOf: (token: string) => number | undefined,
): Template {
  if (definition === null || definition === undefined) return bare;
  return create(partOf(definition, 'post_processor', file), idOf);
}

function create(part: Part, idOf: (token: string) => number | undefined): Template {
  const { value } = part;
  switch (value.type) {
    case 'Sequence': {
      const members = membersOf(part, 'processors').map((member) => create(member, idOf));
      const pieces = members.findLast(({ single }) => single !== bare.single) ?? bare;
      const trimmed = members.find(({ trimOffsets }) => trimOffsets);
      return { ...pieces, ...(trimmed?.trimOffsets ? { trimOffsets: trimmed.trimOffsets } : {}) };
    }
    case 'TemplateProcessing':
      return { single: piecesOf(part, 'single', idOf), pair: piecesOf(part, 'pair', idOf) };
    case 'ByteLevel':
      return { ...bare, ...trimming(part) };
    case 'BertProcessing': {
      const [start, end] = [special(part, 'cls', 0), special(part, 'sep', 0)];
      return { single: [start, text(0), end], pair: [start, text(0), end, text(1), special(part, 'sep', 1)] };
    }
    case 'RobertaProcessing': {
      const [start, end] = [special(part, 'cls', 0), special(part, 'sep', 0)];
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

function piecesOf(part: Part, name: string, idOf: (token: string) => number | undefined): readonly TemplatePiece[] {
  return membersOf(part, name).flatMap((piece): TemplatePiece[] => {
    const [kind] = Object.keys(piece.value);
    const inner = partOf(piece.value[kind ?? ''], `${piece.field}.${kind}`, piece.file);
    const typeId = Number(inner.value.type_id ?? 0);
    const name = textOf(inner, 'id');
    if (kind === 'Sequence') return [text(name === 'B' ? 1 : 0, typeId)];
    return tokensOf(part, name, idOf).map(({ id, token }) => ({ kind: 'special', id, token, typeId }));
  });
}

/** A special token may stand for several. */
function tokensOf(part: Part, name: string, idOf: (token: string) => number | undefined) {
  const specials = partOf(part.value.special_tokens ?? {}, `${part.field}.special_tokens`, part.file).value;
  const entry = Object.hasOwn(specials, name) ? specials[name] : undefined;
  if (typeof entry === 'object' && entry !== null && 'ids' in entry && Array.isArray(entry.ids)) {
    const tokens = 'tokens' in entry && Array.isArray(entry.tokens) ? entry.tokens : [];
    return entry.ids.map((id, index) => ({ id: Number(id), token: String(tokens[index] ?? name) }));
  }
  const id = idOf(name);
  if (id !== undefined) return [{ id, token: name }];
  throw new AttuneError('E_TOKENIZER', `${part.file}: ${part.field} has no id for the special token "${name}".`, {
    file: part.file,
    field: `${part.field}.special_tokens`,
  });
}

/** `[token, id]`, as BERT and RoBERTa processors write it. */
function special({ value, field, file }: Part, name: string, typeId: number): TemplatePiece {
  const entry = value[name];
  if (Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number') {
    return { kind: 'special', token: entry[0], id: entry[1], typeId };
  }
  throw new AttuneError('E_TOKENIZER', `${file}: ${field}.${name} is no pair of a token and its id.`, {
    file,
    field: `${field}.${name}`,
  });
}
