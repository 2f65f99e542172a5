/** Many texts in the order of their UTF-16 units, so that those with the same beginning lie side by side. */
export class SortedTexts {
  readonly #texts: readonly string[];
  /** For each first unit of a text the places of the first and, exclusive, the last that begins with it. */
  readonly #ranges = new Map<number, readonly [number, number]>();

  /** @param texts different from each other, none empty */
  constructor(texts: Iterable<string>) {
    this.#texts = [...texts].sort();
    for (let low = 0; low < this.#texts.length; ) {
      const unit = this.#texts[low]!.charCodeAt(0);
      const high = this.#firstFrom(low, this.#texts.length, 0, unit + 1);
      this.#ranges.set(unit, [low, high]);
      low = high;
    }
  }

  /** The units that texts begin with. */
  get firstUnits(): Iterable<number> {
    return this.#ranges.keys();
  }

  /**
   * Finds which of the texts stand at a place of another text, the shortest first.
   * @param found takes each of them
   * @param onStep is called for each unit that is compared
   */
  find(text: string, index: number, found: (content: string) => void, onStep: () => void): void {
    let [low, high] = this.#ranges.get(text.charCodeAt(index)) ?? [0, 0];
    for (let length = 1; low < high; length++) {
      if (this.#texts[low]!.length === length) found(this.#texts[low++]!);
      onStep();
      const unit = text.charCodeAt(index + length);
      low = this.#firstFrom(low, high, length, unit);
      high = this.#firstFrom(low, high, length, unit + 1);
    }
  }

  /** The first place from `low` to `high` whose text has at least `unit` at a position; `high` for NaN. */
  #firstFrom(low: number, high: number, position: number, unit: number): number {
    let [from, to] = [low, high];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#texts[middle]!.charCodeAt(position) >= unit) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}
