import type { ExampleSource } from '@attune/core';
import { AttuneError } from '@attune/ir';
import { Dataset } from './dataset.js';
import { type OnBadRow, type RowProblem, RowProblems } from './rows.js';

export interface LoadedRows<T> {
  readonly examples: readonly T[];
  readonly skipped: readonly RowProblem[];
  /** What to do with rows that later turn out to be of no use. */
  readonly onBadRow: OnBadRow;
  /** Number of the label's field within a row, from 1, where rows have an order of fields. */
  readonly labelColumn?: number;
  /** Names of the numbers of a row, if each has a column. */
  readonly numberNames?: readonly string[];
}

/** Examples of one file, read when they are first asked for. */
export abstract class RowDataset<T> extends Dataset<T> implements ExampleSource {
  /** How error messages call the file. */
  readonly name: string;
  abstract readonly kind: string;
  readonly #load: () => Promise<LoadedRows<T>>;

  /** The classes or tags in the order of their numbers, or the numbers of a regression, if the caller has named them. */
  readonly labelNames: readonly string[] | undefined;

  constructor(name: string, load: () => Promise<LoadedRows<T>>, labelNames?: readonly string[]) {
    let loaded: Promise<LoadedRows<T>> | undefined;
    const once = () => (loaded ??= load());
    super(async function* () {
      yield* (await once()).examples;
    });
    this.name = name;
    this.labelNames = labelNames;
    this.#load = once;
  }

  protected loaded(): Promise<LoadedRows<T>> {
    return this.#load();
  }

  /** Rows that were left out because `onBadRow` is `skip`. */
  async skipped(): Promise<readonly RowProblem[]> {
    return (await this.#load()).skipped;
  }

  /** Where it is collected what later turns out to be wrong with rows, under the same rule. */
  async furtherProblems(): Promise<{ readonly problems: RowProblems; readonly labelColumn?: number }> {
    const { onBadRow, labelColumn } = await this.#load();
    return { problems: new RowProblems(this.name, onBadRow), ...(labelColumn === undefined ? {} : { labelColumn }) };
  }
}

/** What was read, once all problems are known. @throws AttuneError `E_DATA_ROWS`, `E_DATA_EMPTY` */
export function finishRows<T>(
  name: string,
  examples: readonly T[],
  problems: RowProblems,
  what = 'row',
): LoadedRows<T> {
  problems.throwIfAny();
  if (examples.length === 0) {
    throw new AttuneError('E_DATA_EMPTY', `${name} has no usable ${what}.`, { file: name });
  }
  return { examples, skipped: problems.all, onBadRow: problems.onBadRow };
}

/** The name that an integer stands for; any other label is a name itself. */
export function namedLabel(label: string, names: readonly string[] | undefined): string {
  if (!names || !/^(?:0|[1-9]\d*)$/.test(label) || names.includes(label)) return label;
  return names[Number(label)] ?? label;
}

/** Integers by their size, as data sets number classes; other labels in alphabetical order. */
function sortedLabels(labels: ReadonlySet<string>): readonly string[] {
  const sorted = [...labels].sort();
  if (!sorted.every((label) => /^-?\d+$/.test(label))) return sorted;
  return sorted
    .map((label) => ({ label, number: BigInt(label) }))
    .sort((a, b) => (a.number < b.number ? -1 : a.number > b.number ? 1 : 0))
    .map(({ label }) => label);
}

/**
 * The distinct labels: integers by their size, others in alphabetical order.
 * @param atLeast how many a classifier needs
 * @throws AttuneError `E_DATA_LABELS` where there are fewer
 */
export function distinctLabels(name: string, labels: readonly string[], atLeast = 2): readonly string[] {
  const distinct = sortedLabels(new Set(labels));
  if (distinct.length >= atLeast) return distinct;
  const found = distinct.length === 0 ? 'no label' : `one label only, "${distinct[0]}"`;
  const needed = atLeast === 1 ? 'one' : 'two';
  throw new AttuneError('E_DATA_LABELS', `${name} has ${found}; a classifier needs at least ${needed}.`, {
    file: name,
    hint: 'Check the label column.',
  });
}
