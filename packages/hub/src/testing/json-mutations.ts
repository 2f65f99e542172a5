/** For tests: JSON texts that are one to four changes away from a valid one. */
import fc from 'fast-check';

/** Written as it stands, without quotes: what no JavaScript value becomes. */
const raw = (text: string): string => `@raw:${text}@`;

const hostileValues: readonly unknown[] = [
  ...[0, -1, 1, 2, 0.5, 1e5, 1e9, 5e9, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e300],
  ...[raw('1e999'), raw('-0'), raw('2.0'), raw('1e0'), raw('NaN'), raw('01'), raw('9'.repeat(400))],
  ...['', 'x', 'F32', 'I8', '../x', '/etc/passwd', 'C:\\x', '__proto__', '(a+)+$', '((\\w|\\.)+)+X', 'x'.repeat(1e5)],
  ...[null, true, false, [], {}, [[]], [1e9], [1e9, 1e9], [2e8, 0], { 0: 'a', 2: 'b' }, { constructor: 1 }],
  ...[raw('['.repeat(5000) + ']'.repeat(5000)), raw('{"a":'.repeat(200) + 1 + '}'.repeat(200)), raw('[')],
  Array.from({ length: 3000 }, (_, index) => `name ${index}`),
  Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [String(index), `name ${index}`])),
];

interface Mutation {
  readonly place: number;
  readonly kind: 'replace' | 'remove' | 'rename' | 'repeat' | 'add' | 'copy' | 'lengthen';
  readonly value: unknown;
  readonly other: number;
}

/** A field of an object or an entry of a list. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

/** What a value is replaced with; a function makes it from the value. */
export type Replacement = unknown | ((value: unknown) => unknown);

/**
 * JSON texts from a valid value.
 * @param own replacements that matter to the file's format, beside those that matter to any
 */
export function mutatedJson(valid: unknown, own: readonly Replacement[] = []): fc.Arbitrary<string> {
  const mutation: fc.Arbitrary<Mutation> = fc.record({
    place: fc.nat(),
    kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'rename', 'repeat', 'add', 'copy', 'lengthen'),
    value:
      own.length > 0
        ? fc.oneof(fc.constantFrom(...hostileValues), fc.constantFrom(...own))
        : fc.constantFrom(...hostileValues),
    other: fc.nat(),
  });
  return fc.array(mutation, { minLength: 1, maxLength: 4 }).map((mutations) => {
    const value: unknown = structuredClone(valid);
    for (const each of mutations) apply(value, each);
    return JSON.stringify(value)
      .replaceAll(/"@raw:((?:[^"\\]|\\.)*?)@"/g, (_, text: string) => text.replaceAll('\\"', '"'))
      .replaceAll('@again"', '"');
  });
}

function apply(root: unknown, { place, kind, value, other }: Mutation): void {
  const places = placesOf(root);
  const at = places[place % places.length];
  const from = places[other % places.length];
  if (!at || !from) return;
  switch (kind) {
    case 'replace':
      set(at, typeof value === 'function' ? value(copied(at)) : structuredClone(value));
      break;
    case 'remove':
      if (Array.isArray(at.holder)) at.holder.splice(Number(at.key), 1);
      else delete at.holder[at.key];
      break;
    case 'rename':
      set({ ...at, key: typeof value === 'string' && value.length < 100 ? value : `${at.key}x` }, copied(at));
      break;
    case 'repeat':
      // The same key twice in one object.
      if (!Array.isArray(at.holder)) set({ ...at, key: `${at.key}@again` }, copied(from));
      break;
    case 'add':
      set(
        { ...at, key: `new ${other % 10}` },
        typeof value === 'function' ? value(copied(at)) : structuredClone(value),
      );
      break;
    case 'copy':
      set(at, copied(from));
      break;
    case 'lengthen':
      if (Array.isArray(at.holder)) at.holder.push(...Array.from({ length: 60 }, () => copied(at)));
  }
}

/** At most a thousand: large values are there to be read, not to be changed further. */
function placesOf(root: unknown): readonly Place[] {
  const places: Place[] = [];
  const visit = (holder: unknown): void => {
    if (typeof holder !== 'object' || holder === null || places.length > 1000) return;
    const own: Record<string, unknown> | unknown[] = Array.isArray(holder) ? holder : Object.assign(holder);
    for (const key of Object.keys(own).slice(0, 100)) {
      places.push({ holder: own, key });
      visit(get({ holder: own, key }));
    }
  };
  visit(root);
  return places;
}

const get = ({ holder, key }: Place): unknown => (Array.isArray(holder) ? holder[Number(key)] : holder[key]);

/** A copy: a value that held itself would be no JSON. */
const copied = (place: Place): unknown => structuredClone(get(place));

function set({ holder, key }: Place, value: unknown): void {
  const index = Number(key);
  if (!Array.isArray(holder))
    Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  else if (Number.isInteger(index)) holder[index] = value;
  else holder.push(value);
}
