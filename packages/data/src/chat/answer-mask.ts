import type { Encoding } from '@attune/hub';

/** Start and end in the text, in UTF-16 units. */
export type TextPlace = readonly [start: number, end: number];

/** Which tokens lie in one of the places: those from the one that holds its first character to the one with its last. */
export function tokensIn({ offsets }: Pick<Encoding, 'offsets'>, places: readonly TextPlace[]): readonly boolean[] {
  const inside = offsets.map(() => false);
  for (const [start, end] of places) {
    if (end <= start) continue;
    const first = offsets.findIndex((token) => token[1] > start);
    const last = offsets.findLastIndex((token) => token[0] < end);
    if (first >= 0 && first <= last) inside.fill(true, first, last + 1);
  }
  return inside;
}
