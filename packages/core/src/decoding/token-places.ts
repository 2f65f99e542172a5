import type { Encoding } from '@attune/hub';

/** Where tokens lie in one of the texts that were encoded, in UTF-16 units; -1 for tokens that are not of it. */
export interface TokenPlaces {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** @param sequence 0 for the first text, 1 for the second */
export function tokenPlaces({ offsets, sequenceIds }: Encoding, sequence: 0 | 1): TokenPlaces {
  const side = (index: 0 | 1) =>
    Int32Array.from(offsets, (place, token) => (sequenceIds[token] === sequence ? place[index] : -1));
  return { starts: side(0), ends: side(1) };
}
