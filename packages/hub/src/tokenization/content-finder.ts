/** Finds many literal texts in one, the longest of those that begin at the same place, without backtracking. */
import type { Budget } from './budget.js';

export interface Found {
  readonly content: string;
  readonly index: number;
}

export class ContentFinder {
  /** In the order of UTF-16 units, so that those with the same beginning lie side by side. */
  readonly #contents: readonly string[];
  /** Where one may begin. */
  readonly #beginning: RegExp | undefined;

  /** @param contents different from each other, none empty */
  constructor(contents: readonly string[]) {
    this.#contents = [...contents].sort();
    const units = new Set(contents.map((content) => content.charCodeAt(0)));
    const letters = [...units].map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`);
    if (letters.length > 0) this.#beginning = new RegExp(`[${letters.join('')}]`, 'g');
  }

  /** From left to right, not overlapping. @throws AttuneError `E_TOKENIZER_BUDGET` that names the field */
  *find(text: string, budget: Budget, field: string): Generator<Found> {
    if (!this.#beginning) return;
    const beginning = new RegExp(this.#beginning);
    for (;;) {
      const index = beginning.exec(text)?.index;
      if (index === undefined) return;
      const content = this.#longestAt(text, index, budget, field);
      if (content === undefined) continue;
      yield { content, index };
      beginning.lastIndex = index + content.length;
    }
  }

  #longestAt(text: string, index: number, budget: Budget, field: string): string | undefined {
    const contents = this.#contents;
    let [low, high] = [0, contents.length];
    let longest: string | undefined;
    for (let length = 0; low < high; length++) {
      if (contents[low]!.length === length) longest = contents[low++];
      const unit = text.charCodeAt(index + length);
      budget.tick(field);
      low = firstFrom(contents, low, high, length, unit);
      high = firstFrom(contents, low, high, length, unit + 1);
    }
    return longest;
  }
}

/** The first of `contents` from `low` to `high` whose unit at a place is at least `unit`; `high` for NaN. */
function firstFrom(contents: readonly string[], low: number, high: number, place: number, unit: number): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (contents[middle]!.charCodeAt(place) >= unit) to = middle;
    else from = middle + 1;
  }
  return from;
}
