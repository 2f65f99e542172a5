/** Reading of tokenizer.json, whose parts are checked as they are used. */
import { AttuneError } from '@attune/ir';

export type Definition = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Definition =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The text of a token in tokenizer_config.json, where it stands alone or in an object. */
export function tokenContent(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  return isRecord(token) && typeof token.content === 'string' ? token.content : undefined;
}

/** A part of the file and its place. */
export interface Part {
  readonly value: Definition;
  /** Such as `pre_tokenizer.pretokenizers[1]`; empty for the file itself. */
  readonly field: string;
  readonly file: string;
}

/** Where an error lies. */
export type Place = Pick<Part, 'field' | 'file'>;

/** @throws AttuneError `E_TOKENIZER` where the value is no object */
export function partOf(value: unknown, field: string, file: string): Part {
  if (isRecord(value)) return { value, field, file };
  throw new AttuneError('E_TOKENIZER', `${file}: ${field} is no object.`, { file, field });
}

/** The members of a list. @throws AttuneError `E_TOKENIZER` where there is no list of objects */
export function membersOf({ value, field, file }: Part, name: string): readonly Part[] {
  const list = value[name];
  const place = field === '' ? name : `${field}.${name}`;
  if (Array.isArray(list)) return list.map((member, index) => partOf(member, `${place}[${index}]`, file));
  throw new AttuneError('E_TOKENIZER', `${file}: ${place} is no list.`, { file, field: place });
}

/** @throws AttuneError `E_TOKENIZER` for a list or table with more entries */
export function requireAtMost(most: number, found: number, { file, field }: Place): void {
  if (found <= most) return;
  const fault = `${field} has ${found} entries; at most ${most} are supported`;
  throw new AttuneError('E_TOKENIZER', `${file}: ${fault}.`, { file, field });
}

/** More steps than any model has. */
const mostSteps = 100;

/** The members of a sequence of steps. @throws AttuneError `E_TOKENIZER` for no list of objects, or one too long */
export function stepsOf(part: Part, name: string): readonly Part[] {
  const { value, field, file } = part;
  const list = value[name];
  if (Array.isArray(list)) requireAtMost(mostSteps, list.length, { field: `${field}.${name}`, file });
  return membersOf(part, name);
}

/** A text, or the default where there is none. @throws AttuneError `E_TOKENIZER` for another type */
export function textOf({ value, field, file }: Part, name: string, fallback?: string): string {
  const text = value[name] ?? fallback;
  if (typeof text === 'string') return text;
  throw new AttuneError('E_TOKENIZER', `${file}: ${field}.${name} is no text.`, { file, field: `${field}.${name}` });
}

/** Ids that can be: whole numbers from 0 to `below`, exclusive. */
export interface IdLimit {
  readonly below: number;
  /** Why not beyond, such as `the model's vocab_size is 30522`. */
  readonly reason: string;
  readonly hint?: string;
}

/** @throws AttuneError `E_TOKENIZER` for a value that is no id, or one beyond the limit */
export function idOf(id: unknown, token: string, limit: IdLimit, { field, file }: Place): number {
  if (isWholeBelow(id, limit.below)) return id;
  const fault = isWholeBelow(id, Number.POSITIVE_INFINITY) ? limit.reason : 'an id is a whole number from 0';
  const problem = `gives the token "${shortened(token)}" the id ${shortened(JSON.stringify(id) ?? 'undefined')}`;
  throw new AttuneError('E_TOKENIZER', `${file} ${problem}; ${fault}.`, { file, field, hint: limit.hint });
}

/** @throws AttuneError `E_TOKENIZER` for a value that is no type id, or one beyond the limit */
export function typeIdOf(id: unknown, limit: IdLimit, { field, file }: Place): number {
  if (isWholeBelow(id, limit.below)) return id;
  const problem = `${field} is ${shortened(JSON.stringify(id) ?? 'undefined')}; ${limit.reason}`;
  throw new AttuneError('E_TOKENIZER', `${file}: ${problem}.`, { file, field, hint: limit.hint });
}

const isWholeBelow = (value: unknown, limit: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < limit;

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

export function unknownType({ value, field, file }: Part): AttuneError {
  return new AttuneError('E_TOKENIZER', `${file}: ${field} has the type "${value.type}", which is not supported.`, {
    file,
    field,
  });
}
