import { nearest } from '@attune/core';
import { AttuneError } from '@attune/ir';
import type { DataFile } from './byte-source.js';
import { Dataset } from './dataset.js';
import { type OnBadRow, type RowProblem, RowProblems } from './rows.js';
import { readDelimited, readJsonLines, type Table, type TableOptions } from './table.js';

/** A text (or a pair of texts) with what is to be learned about it. */
export interface TextExample {
  readonly text: string;
  readonly textPair?: string;
  /** A class name, or a number as text for regression; absent in data that is only predicted on. */
  readonly label?: string;
  /** Line of the file, or index from 1 in memory. */
  readonly row: number;
}

/** Which columns hold what. */
export interface TextColumns {
  readonly text: string;
  readonly textPair?: string;
  readonly label?: string;
}

/** Text examples of one file, read when they are first asked for. */
export class TextDataset extends Dataset<TextExample> {
  readonly name: string;
  readonly #load: () => Promise<LoadedTexts>;

  constructor(name: string, load: () => Promise<LoadedTexts>) {
    let loaded: Promise<LoadedTexts> | undefined;
    const once = () => (loaded ??= load());
    super(async function* () {
      yield* (await once()).examples;
    });
    this.name = name;
    this.#load = once;
  }

  /** The distinct labels in alphabetical order. @throws AttuneError `E_DATA_LABELS` where there are fewer than two. */
  async labels(): Promise<readonly string[]> {
    const { examples } = await this.#load();
    const labels = [...new Set(examples.flatMap(({ label }) => (label === undefined ? [] : [label])))].sort();
    if (labels.length < 2) {
      throw new AttuneError(
        'E_DATA_LABELS',
        `${this.name} has ${labels.length === 0 ? 'no label' : `one label only, "${labels[0]}"`}; a classifier needs at least two.`,
        { file: this.name, hint: 'Check the label column.' },
      );
    }
    return labels;
  }

  /** Rows that were left out because `onBadRow` is `skip`. */
  async skipped(): Promise<readonly RowProblem[]> {
    return (await this.#load()).skipped;
  }
}

interface LoadedTexts {
  readonly examples: readonly TextExample[];
  readonly skipped: readonly RowProblem[];
}

/**
 * Examples of a CSV or TSV file.
 * @throws AttuneError (when read) `E_DATA_COLUMN` for a column that the file lacks, `E_DATA_ROWS` that lists the rows
 * that are ragged or have an empty text or label, `E_DATA_EMPTY` where no row is left.
 */
export function csv(file: DataFile, columns: TextColumns, options: TableOptions = {}): TextDataset {
  return fromTable(nameOf(file), () => readDelimited(file, options), columns, options.onBadRow);
}

/** Examples of a JSON Lines file; errors as for `csv`. */
export function jsonl(
  file: DataFile,
  columns: TextColumns,
  options: Omit<TableOptions, 'delimiter' | 'header' | 'quote'> = {},
): TextDataset {
  return fromTable(nameOf(file), () => readJsonLines(file, options), columns, options.onBadRow);
}

/** Examples in memory. @throws AttuneError as `csv` does, with indices from 1 in place of lines. */
export function rows(
  examples: readonly Omit<TextExample, 'row'>[],
  { name = 'rows', onBadRow = 'error' }: { readonly name?: string; readonly onBadRow?: OnBadRow } = {},
): TextDataset {
  const labelled = examples.some(({ label }) => label !== undefined);
  return new TextDataset(name, async () => {
    const problems = new RowProblems(name, onBadRow);
    const kept = examples.flatMap((example, index) => {
      const fault = faultOf(example.text, labelled ? (example.label ?? '') : undefined);
      if (fault) problems.add({ line: index + 1, problem: `has an empty ${fault}` });
      return fault ? [] : [{ ...example, row: index + 1 }];
    });
    return finish(name, kept, problems);
  });
}

/** By the file's ending: `.jsonl` and `.ndjson` are JSON Lines, everything else is delimited text. */
export function textFile(file: DataFile, columns: TextColumns, options: TableOptions = {}): TextDataset {
  return /\.(jsonl|ndjson)$/i.test(nameOf(file)) ? jsonl(file, columns, options) : csv(file, columns, options);
}

function fromTable(
  name: string,
  read: () => Promise<Table>,
  columns: TextColumns,
  onBadRow: OnBadRow = 'error',
): TextDataset {
  return new TextDataset(name, async () => {
    const table = await read();
    for (const [role, column] of Object.entries(columns)) {
      if (typeof column === 'string' && !table.columns.includes(column)) throw missingColumn(table, role, column);
    }
    const number = (column: string) => table.columns.indexOf(column) + 1;
    const { text, textPair, label } = columns;
    const problems = new RowProblems(table.name, onBadRow);
    for (const problem of table.problems.all) problems.add(problem);
    const examples = table.rows.flatMap(({ line, values }): TextExample[] => {
      const fault = faultOf(values[text] ?? '', label === undefined ? undefined : (values[label] ?? ''));
      if (fault) {
        const column = fault === 'text' ? text : (label ?? text);
        problems.add({ line, column: number(column), problem: `has an empty ${fault} ("${column}")` });
        return [];
      }
      return [
        {
          text: values[text]!,
          ...(textPair === undefined ? {} : { textPair: values[textPair] ?? '' }),
          ...(label === undefined ? {} : { label: values[label]!.trim() }),
          row: line,
        },
      ];
    });
    return finish(table.name, examples, problems);
  });
}

function faultOf(text: string, label: string | undefined): 'text' | 'label' | undefined {
  if (text.trim() === '') return 'text';
  return label !== undefined && label.trim() === '' ? 'label' : undefined;
}

function finish(name: string, examples: readonly TextExample[], problems: RowProblems): LoadedTexts {
  problems.throwIfAny();
  if (examples.length === 0) {
    throw new AttuneError('E_DATA_EMPTY', `${name} has no usable row.`, { file: name });
  }
  return { examples, skipped: problems.all };
}

function missingColumn(table: Table, role: string, column: string): AttuneError {
  const suggestion = nearest(column, table.columns);
  return new AttuneError(
    'E_DATA_COLUMN',
    `${table.name} has no column "${column}" (wanted as ${role}); it has ${table.columns.map((name) => `"${name}"`).join(', ')}.`,
    { file: table.name, field: column, ...(suggestion ? { hint: `Did you mean "${suggestion}"?` } : {}) },
  );
}

const nameOf = (file: DataFile): string =>
  typeof file === 'string' ? file : 'name' in file ? String(file.name) : 'data';
