/** Labels that a reader cannot tell apart: composed and decomposed letters, invisible characters, kinds of spaces. */

/** What a label looks like. */
const lookOf = (label: string): string =>
  label
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();

/** Where a label differs from the name that looks the same; undefined if none does. */
export function lookalikeHint(label: string, names: readonly string[]): string | undefined {
  const look = lookOf(label);
  const name = names.find((each) => each !== label && lookOf(each) === look);
  if (name === undefined) return undefined;
  return `It looks like "${name}", but is made of other Unicode characters: ${difference(label, name)}. Write both alike, for instance in the normal form NFC.`;
}

/** Pairs of labels that look the same. */
export function lookalikes(labels: Iterable<string>): readonly (readonly [string, string])[] {
  const seen = new Map<string, string>();
  const pairs: (readonly [string, string])[] = [];
  for (const label of labels) {
    const look = lookOf(label);
    const other = seen.get(look);
    if (other === undefined) seen.set(look, label);
    else pairs.push([other, label]);
  }
  return pairs;
}

/** The characters from the first that differs on, as `U+0065 U+0301 in place of U+00E9`. */
export function difference(label: string, name: string): string {
  const [ours, theirs] = [[...label], [...name]];
  const start = ours.findIndex((character, index) => character !== theirs[index]);
  const from = start < 0 ? ours.length : start;
  return `${codesOf(ours.slice(from, from + 3))} in place of ${codesOf(theirs.slice(from, from + 3))}`;
}

const codesOf = (characters: readonly string[]): string =>
  characters
    .map((character) => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`)
    .join(' ') || 'nothing';
