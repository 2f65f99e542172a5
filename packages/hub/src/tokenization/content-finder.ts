/** Finds many literal texts in one, the longest of those that begin at the same place, without backtracking. */
import type { Budget } from './budget.js';
import { SortedTexts } from './sorted-texts.js';

export interface Found {
  readonly content: string;
  readonly index: number;
}

export class ContentFinder {
  readonly #contents: SortedTexts;
  /** Where one may begin. */
  readonly #beginning: RegExp | undefined;

  /** @param contents different from each other, none empty */
  constructor(contents: Iterable<string>) {
    this.#contents = new SortedTexts(contents);
    const letters = Array.from(this.#contents.firstUnits, (unit) => `\\u${unit.toString(16).padStart(4, '0')}`);
    if (letters.length > 0) this.#beginning = new RegExp(`[${letters.join('')}]`, 'g');
  }

  /** From left to right, not overlapping. @throws AttuneError `E_TOKENIZER_BUDGET` that names the field */
  *find(text: string, budget: Budget, field: string): Generator<Found> {
    if (!this.#beginning) return;
    const beginning = new RegExp(this.#beginning);
    const onStep = () => budget.tick(field);
    for (;;) {
      const index = beginning.exec(text)?.index;
      if (index === undefined) return;
      let longest: string | undefined;
      const found = (content: string) => {
        longest = content;
      };
      this.#contents.find(text, index, found, onStep);
      if (longest === undefined) continue;
      yield { content: longest, index };
      beginning.lastIndex = index + longest.length;
    }
  }
}
