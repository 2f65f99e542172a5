import { AttuneError, type ErrorCode } from '@attune/ir';

/** What to do with a row that cannot be used. */
export type OnBadRow = 'error' | 'skip';

export interface RowProblem {
  /** Line of the file, from 1. */
  readonly line: number;
  /** Number of the field within the row, from 1. */
  readonly column?: number;
  readonly problem: string;
}

/** Collects what is wrong with a file's rows; all of it is reported at once. */
export class RowProblems {
  readonly #file: string;
  readonly onBadRow: OnBadRow;
  readonly #problems: RowProblem[] = [];

  constructor(file: string, onBadRow: OnBadRow) {
    this.#file = file;
    this.onBadRow = onBadRow;
  }

  get count(): number {
    return this.#problems.length;
  }

  get all(): readonly RowProblem[] {
    return this.#problems;
  }

  add(problem: RowProblem): void {
    this.#problems.push(problem);
  }

  /**
   * @param kind the code, where it is not `E_DATA_ROWS`, and what points to the cause
   * @throws AttuneError with the first 20 problems and their total, unless bad rows are skipped
   */
  throwIfAny(kind: ProblemKind = {}): void {
    if (this.#problems.length === 0 || this.onBadRow === 'skip') return;
    const { code = 'E_DATA_ROWS', field, hint = "Correct the rows, or skip them with onBadRow: 'skip'." } = kind;
    const shown = this.#problems
      .slice(0, 20)
      .map(({ line, column, problem }) => `${this.#file}:${line}${column ? `:${column}` : ''} ${problem}`);
    const more = this.#problems.length - shown.length;
    throw new AttuneError(
      code,
      `${this.#problems.length} ${this.#problems.length === 1 ? 'row' : 'rows'} of ${this.#file} cannot be used:\n${shown.join('\n')}${more > 0 ? `\n… and ${more} more` : ''}`,
      { file: this.#file, ...(field === undefined ? {} : { field }), hint },
    );
  }
}

/** How an error about rows is told. */
export interface ProblemKind {
  readonly code?: ErrorCode;
  readonly field?: string;
  readonly hint?: string;
}
