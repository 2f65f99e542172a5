import { AttuneError } from '@attune/ir';

export const CONTINUATION = '##';

/** A vocabulary in the making: pieces in the order of their ids. */
export class Pieces {
  readonly #ids = new Map<string, number>();
  readonly #pieces: string[] = [];

  get size(): number {
    return this.#pieces.length;
  }

  get all(): readonly string[] {
    return this.#pieces;
  }

  piece(id: number): string {
    return this.#pieces[id]!;
  }

  find(piece: string): number | undefined {
    return this.#ids.get(piece);
  }

  /** The id of a piece, which is new where it is not known. */
  add(piece: string): number {
    const known = this.#ids.get(piece);
    if (known !== undefined) return known;
    this.#ids.set(piece, this.#pieces.length);
    return this.#pieces.push(piece) - 1;
  }

  /** The id of two pieces put together. */
  join(first: number, second: number): number {
    const end = this.piece(second);
    return this.add(this.piece(first) + (end.startsWith(CONTINUATION) ? end.slice(CONTINUATION.length) : end));
  }
}

/**
 * Adds the letters: the most frequent `limit` of them as they begin a word, then those that continue one, both in the order
 * of Unicode. Of letters with one count, the later in Unicode give way first.
 * @throws AttuneError `E_DATA_EMPTY` where there is none
 */
export function addAlphabet(pieces: Pieces, words: ReadonlyMap<string, number>, limit: number): void {
  const counts = new Map<string, number>();
  const continuing = new Set<string>();
  for (const [word, count] of words) {
    for (const [position, letter] of Array.from(word).entries()) {
      counts.set(letter, (counts.get(letter) ?? 0) + count);
      if (position > 0) continuing.add(letter);
    }
  }
  if (counts.size === 0) throw new AttuneError('E_DATA_EMPTY', 'The texts have no word to learn pieces from.');
  const byCount = [...counts].sort(([a, m], [b, n]) => n - m || codeOf(a) - codeOf(b));
  const kept = byCount.slice(0, limit).map(([letter]) => letter);
  kept.sort((a, b) => codeOf(a) - codeOf(b));
  for (const letter of kept) pieces.add(letter);
  for (const letter of kept) if (continuing.has(letter)) pieces.add(CONTINUATION + letter);
}

const codeOf = (letter: string): number => letter.codePointAt(0)!;
