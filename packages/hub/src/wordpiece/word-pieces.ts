/** Words as rows of pieces, and how often neighbours occur in them. */
import { type Candidate, firstOf, type Pair, pairOf, secondOf } from './merge-queue.js';
import { CONTINUATION, type Pieces } from './pieces.js';

export class WordPieces {
  readonly #words: number[][] = [];
  readonly #counts: number[] = [];
  readonly #pairCounts = new Map<Pair, number>();

  /** Letters that have no piece are left out of their words. */
  constructor(words: ReadonlyMap<string, number>, pieces: Pieces) {
    for (const [word, count] of words) {
      const row = Array.from(word).flatMap((letter, position) => {
        const id = pieces.find(letter);
        return id === undefined ? [] : [position === 0 ? id : (pieces.find(CONTINUATION + letter) ?? id)];
      });
      this.#words.push(row);
      this.#counts.push(count);
    }
  }

  count(pair: Pair): number {
    return this.#pairCounts.get(pair) ?? 0;
  }

  /** All pairs of neighbours. */
  pairs(): readonly Candidate[] {
    const found = new Map<Pair, number[]>();
    for (const [number, row] of this.#words.entries()) {
      for (let at = 0; at + 1 < row.length; at++) this.#change(pairOf(row[at]!, row[at + 1]!), 1, number, found);
    }
    return this.#candidates(found);
  }

  /** Puts a pair together wherever it is in the words, and gives the pairs that this made. */
  merge({ pair, words }: Candidate, merged: number): readonly Candidate[] {
    const made = new Map<Pair, number[]>();
    for (const number of words) this.#mergeWord(number, pair, merged, made);
    return this.#candidates(made);
  }

  #mergeWord(number: number, pair: Pair, merged: number, made: Map<Pair, number[]>): void {
    const row = this.#words[number]!;
    const [first, second] = [firstOf(pair), secondOf(pair)];
    let end = 0;
    for (let at = 0; at < row.length; at++, end++) {
      if (row[at] !== first || row[at + 1] !== second) {
        row[end] = row[at]!;
        continue;
      }
      if (end > 0) {
        const before = row[end - 1]!;
        this.#change(pairOf(before, first), -1, number, made);
        this.#change(pairOf(before, merged), 1, number, made);
      }
      at++;
      const after = row[at + 1];
      if (after !== undefined) {
        this.#change(pairOf(second, after), -1, number, made);
        this.#change(pairOf(merged, after), 1, number, made);
      }
      row[end] = merged;
    }
    row.length = end;
  }

  #change(pair: Pair, sign: 1 | -1, number: number, found: Map<Pair, number[]>): void {
    this.#pairCounts.set(pair, this.count(pair) + sign * this.#counts[number]!);
    if (sign < 0) return;
    const words = found.get(pair);
    if (!words) found.set(pair, [number]);
    else if (words.at(-1) !== number) words.push(number);
  }

  #candidates(found: ReadonlyMap<Pair, readonly number[]>): readonly Candidate[] {
    return [...found].flatMap(([pair, words]) => {
      const count = this.count(pair);
      return count > 0 ? [{ pair, count, words }] : [];
    });
  }
}
