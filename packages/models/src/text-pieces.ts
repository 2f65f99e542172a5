/** The text of tokens that come one by one, as far as it will not change any more. */
export class TextPieces {
  readonly #decode: (tokens: readonly number[]) => string;
  readonly #stops: readonly string[];
  readonly #tokens: number[] = [];
  #text = '';
  #hasStopped = false;

  /** @param stopStrings end the text where the first of them begins, and are never part of it */
  constructor(decode: (tokens: readonly number[]) => string, stopStrings: readonly string[]) {
    this.#decode = decode;
    this.#stops = stopStrings;
  }

  get text(): string {
    return this.#text;
  }

  get tokens(): readonly number[] {
    return [...this.#tokens];
  }

  /** Whether a stop string came. */
  get hasStopped(): boolean {
    return this.#hasStopped;
  }

  /** The text that a token adds; a character of several tokens and what may become a stop string wait. */
  add(token: number): string {
    this.#tokens.push(token);
    // A character of several tokens shows as U+FFFD until its last one is there.
    return this.#take(this.#decode(this.#tokens).replace(/\uFFFD+$/, ''), (rest) => beginningOfStop(rest, this.#stops));
  }

  /** What still waits when no token comes any more. */
  end(): string {
    return this.#hasStopped || this.#tokens.length === 0 ? '' : this.#take(this.#decode(this.#tokens), () => 0);
  }

  #take(whole: string, waiting: (rest: string) => number): string {
    if (!whole.startsWith(this.#text)) return '';
    const rest = whole.slice(this.#text.length);
    const stop = firstStop(rest, this.#stops);
    this.#hasStopped = stop >= 0;
    const piece = rest.slice(0, stop >= 0 ? stop : rest.length - waiting(rest));
    this.#text += piece;
    return piece;
  }
}

/** Where the first stop string begins; -1 if there is none. */
function firstStop(text: string, stops: readonly string[]): number {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
  return places.length === 0 ? -1 : Math.min(...places);
}

/** How many characters at the end of a text are the beginning of a stop string. */
function beginningOfStop(text: string, stops: readonly string[]): number {
  const longest = stops.reduce((most, { length }) => Math.max(most, length - 1), 0);
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (stops.some((stop) => stop.length > length && stop.startsWith(end))) return length;
  }
  return 0;
}
