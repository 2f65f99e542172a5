/** The time that the encoding of one batch of texts may take, and the memory. */
import { AttuneError } from '@attune/ir';

/** Milliseconds for one batch (at most `batchTexts` texts or `batchUnits` characters). */
export const defaultBudgetMilliseconds = 2500;

/** UTF-16 units that may be written for each one of a text: Unicode's compatibility decomposition makes 18 of one. */
const growth = 256;
/** Units that may be written for a short text. */
const shortText = 2 ** 16;
/** Units that may be written for any text. */
const longText = 2 ** 25;

export class Budget {
  readonly file: string;
  readonly milliseconds: number;
  readonly #end: number;
  readonly #onEnter: ((field: string) => void) | undefined;
  #field = '';
  #calls = 0;
  #room = longText;

  /** @param onEnter hears which part of tokenizer.json is at work */
  constructor(file: string, milliseconds: number, onEnter?: (field: string) => void) {
    this.file = file;
    this.milliseconds = milliseconds;
    this.#end = performance.now() + milliseconds;
    this.#onEnter = onEnter;
  }

  get left(): number {
    return this.#end - performance.now();
  }

  /** Begins with a text of so many UTF-16 units. */
  beginText(length: number): void {
    this.#room = Math.min(growth * length + shortText, longText);
  }

  /** A part of tokenizer.json begins its work. @throws AttuneError `E_TOKENIZER_BUDGET` */
  enter(field: string): void {
    if (this.#onEnter && field !== this.#field) {
      this.#field = field;
      this.#onEnter(field);
    }
    this.tick(field);
  }

  /** Looks at the clock at every 1024th call. @throws AttuneError `E_TOKENIZER_BUDGET` */
  tick(field: string): void {
    if ((++this.#calls & 1023) === 0) this.check(field);
  }

  /** @throws AttuneError `E_TOKENIZER_BUDGET` */
  check(field: string): void {
    if (this.left <= 0) throw this.exceeded(field);
  }

  /** Takes memory for so many units. @throws AttuneError `E_TOKENIZER_BUDGET` for a text that grows too long */
  takeUnits(field: string, units: number): void {
    this.#room -= units;
    if (this.#room >= 0) return;
    const fault = 'makes a text that is far longer than the one that was given';
    throw budgetError(this.file, field, fault, 'Use shorter texts, or the tokenizer of another model.');
  }

  exceeded(field: string): AttuneError {
    return budgetError(
      this.file,
      field,
      `took longer than ${this.milliseconds} ms`,
      'Use shorter texts, raise budgetMilliseconds, or check the pattern for nested repetitions.',
    );
  }
}

export const budgetError = (file: string, field: string, fault: string, hint: string, cause?: unknown): AttuneError =>
  new AttuneError('E_TOKENIZER_BUDGET', `${file}: ${field} ${fault}.`, { file, field, hint, cause });
