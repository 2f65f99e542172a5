/** The time that the encoding of one batch of texts may take. */
import { AttuneError } from '@attune/ir';

/** Milliseconds for one batch (at most `batchTexts` texts or `batchUnits` characters). */
export const defaultBudgetMilliseconds = 3000;

export class Budget {
  readonly file: string;
  readonly milliseconds: number;
  readonly #end: number;
  #calls = 0;

  constructor(file: string, milliseconds: number) {
    this.file = file;
    this.milliseconds = milliseconds;
    this.#end = performance.now() + milliseconds;
  }

  get left(): number {
    return this.#end - performance.now();
  }

  /** Looks at the clock at every 1024th call. @throws AttuneError `E_TOKENIZER_BUDGET` */
  tick(field: string): void {
    if ((++this.#calls & 1023) === 0) this.check(field);
  }

  /** @throws AttuneError `E_TOKENIZER_BUDGET` */
  check(field: string): void {
    if (this.left <= 0) throw this.exceeded(field);
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
