/** Text that knows where it comes from: every UTF-16 unit keeps the range of the source that it stands for. */
import type { Budget } from './budget.js';

/** Unit `i` stands for `[starts[first + i], ends[first + i])`; without spans, for `[first + i, first + i + 1)`. */
export interface AlignedText {
  readonly text: string;
  readonly first: number;
  readonly spans: Spans | undefined;
}

interface Spans {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export const sourceText = (text: string): AlignedText => ({ text, first: 0, spans: undefined });

export const startOf = ({ first, spans }: AlignedText, unit: number): number =>
  spans ? spans.starts[first + unit]! : first + unit;

/** End of the source range of a unit. */
export const endOf = ({ first, spans }: AlignedText, unit: number): number =>
  spans ? spans.ends[first + unit]! : first + unit + 1;

export function slice(aligned: AlignedText, start: number, end: number): AlignedText {
  if (start === 0 && end === aligned.text.length) return aligned;
  return { text: aligned.text.slice(start, end), first: aligned.first + start, spans: aligned.spans };
}

/** The same units under other characters. */
export const relabel = (aligned: AlignedText, text: string): AlignedText =>
  text === aligned.text ? aligned : { text, first: aligned.first, spans: aligned.spans };

/** Writes an aligned text from left to right. */
export class AlignedWriter {
  readonly #parts: string[] = [];
  readonly #budget: Budget;
  readonly #field: string;
  #starts: Int32Array;
  #ends: Int32Array;
  #length = 0;

  /**
   * @param field the part of tokenizer.json that asks for the text
   * @throws AttuneError `E_TOKENIZER_BUDGET`
   */
  constructor(capacity: number, budget: Budget, field: string) {
    this.#budget = budget;
    this.#field = field;
    budget.takeUnits(field, capacity);
    this.#starts = new Int32Array(capacity);
    this.#ends = new Int32Array(capacity);
  }

  /** Text whose units all stand for one source range. @throws AttuneError `E_TOKENIZER_BUDGET` */
  write(text: string, start: number, end: number): void {
    if (this.#length + text.length > this.#starts.length) this.#grow(this.#length + text.length);
    this.#parts.push(text);
    for (let unit = 0; unit < text.length; unit++) {
      this.#starts[this.#length] = start;
      this.#ends[this.#length++] = end;
    }
  }

  /** Units of another aligned text as they are. */
  copy(source: AlignedText, from: number, to: number): void {
    if (this.#length + to - from > this.#starts.length) this.#grow(this.#length + to - from);
    this.#parts.push(source.text.slice(from, to));
    for (let unit = from; unit < to; unit++) {
      this.#starts[this.#length] = startOf(source, unit);
      this.#ends[this.#length++] = endOf(source, unit);
    }
  }

  finish(): AlignedText {
    return { text: this.#parts.join(''), first: 0, spans: { starts: this.#starts, ends: this.#ends } };
  }

  #grow(needed: number): void {
    const capacity = Math.max(needed, this.#starts.length * 2, 64);
    this.#budget.takeUnits(this.#field, capacity);
    const [starts, ends] = [new Int32Array(capacity), new Int32Array(capacity)];
    starts.set(this.#starts);
    ends.set(this.#ends);
    [this.#starts, this.#ends] = [starts, ends];
  }
}
