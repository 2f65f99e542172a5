/** Reading of tokenizer.json, whose parts are checked as they are used. */
import { AttuneError } from '@attune/ir';

export type Definition = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Definition =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A part of the file and its place. */
export interface Part {
  readonly value: Definition;
  /** Such as `pre_tokenizer.pretokenizers[1]`. */
  readonly field: string;
  readonly file: string;
}

/** @throws AttuneError `E_TOKENIZER` where the value is no object */
export function partOf(value: unknown, field: string, file: string): Part {
  if (isRecord(value)) return { value, field, file };
  throw new AttuneError('E_TOKENIZER', `${file}: ${field} is no object.`, { file, field });
}

/** The members of a list. @throws AttuneError `E_TOKENIZER` where there is no list of objects */
export function membersOf({ value, field, file }: Part, name: string): readonly Part[] {
  const list = value[name];
  if (Array.isArray(list)) return list.map((member, index) => partOf(member, `${field}.${name}[${index}]`, file));
  throw new AttuneError('E_TOKENIZER', `${file}: ${field}.${name} is no list.`, { file, field: `${field}.${name}` });
}

/** A text, or the default where there is none. @throws AttuneError `E_TOKENIZER` for another type */
export function textOf({ value, field, file }: Part, name: string, fallback?: string): string {
  const text = value[name] ?? fallback;
  if (typeof text === 'string') return text;
  throw new AttuneError('E_TOKENIZER', `${file}: ${field}.${name} is no text.`, { file, field: `${field}.${name}` });
}

export function unknownType({ value, field, file }: Part): AttuneError {
  return new AttuneError('E_TOKENIZER', `${file}: ${field} has the type "${value.type}", which is not supported.`, {
    file,
    field,
  });
}
