import type { ExampleSource } from '@attune/core';
import type { DataFile } from './byte-source.js';
import { distinctLabels, finishRows, RowDataset } from './row-dataset.js';
import { type OnBadRow, RowProblems } from './rows.js';
import { delimitedRows, jsonLinesRows, type TableOptions, type TableRequest, type TableRows } from './table.js';
import type { TextColumns, TextExample } from './text-example.js';
import { exampleOf, type FoundColumns, faultOf, findColumns, problemOf } from './text-rows.js';

export interface TextFileOptions extends TableOptions {
  /** Stands between the labels of a `labels` column and the numbers of a `numbers` column; `|` by default. */
  readonly labelSeparator?: string;
  /**
   * Names of the classes in the order of their numbers: an integer in the label column stands for its class's name. Of a
   * regression the names of its numbers, in the order in which a row has them; those of their columns by default.
   */
  readonly labels?: readonly string[];
  /** Keeps all values of a row in `columns`, for results that repeat them. */
  readonly keepColumns?: boolean;
}

/** Text examples of one file, read when they are first asked for. */
export class TextDataset extends RowDataset<TextExample> {
  readonly kind = 'texts';

  /**
   * The names that were given, or the distinct labels: integers by their size, others in alphabetical order. Of numbers the
   * names of their columns, or `LABEL_0`, `LABEL_1` …
   * @throws AttuneError `E_DATA_LABELS` where there are fewer than two, or none where texts may have several
   */
  async labels(): Promise<readonly string[]> {
    if (this.labelNames) return this.labelNames;
    const examples = await this.toArray();
    if (examples.some(({ numbers }) => numbers !== undefined)) {
      return (await this.numberNames()) ?? (await import('./number-labels.js')).numberedNames(examples);
    }
    const mayBeSeveral = examples.some(({ labels }) => labels !== undefined);
    const all = examples.flatMap(({ label, labels }) => labels ?? (label === undefined ? [] : [label]));
    return distinctLabels(this.name, all, mayBeSeveral ? 1 : 2);
  }

  /** Names of the numbers of a row, in their order: those that were given, or those of their columns. */
  async numberNames(): Promise<readonly string[] | undefined> {
    return this.labelNames ?? (await this.loaded()).numberNames;
  }
}

/** Whether examples are texts. */
export const isTexts = (examples: ExampleSource): examples is TextDataset => examples.kind === 'texts';

/**
 * Examples of a CSV or TSV file.
 * @throws AttuneError (when read) `E_DATA_COLUMN` for a column that the file lacks, `E_DATA_ROWS` that lists the rows
 * that are ragged or have an empty text or label, `E_DATA_EMPTY` where no row is left.
 */
export function csv(file: DataFile, columns: TextColumns, options: TextFileOptions = {}): TextDataset {
  return fromTable(nameOf(file), (request) => delimitedRows(file, request, options), columns, options);
}

/** Examples of a JSON Lines file; errors as for `csv`. */
export function jsonl(
  file: DataFile,
  columns: TextColumns,
  options: Omit<TextFileOptions, 'delimiter' | 'header' | 'quote'> = {},
): TextDataset {
  return fromTable(nameOf(file), (request) => jsonLinesRows(file, request, options), columns, options);
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
    return finishRows(name, kept, problems);
  });
}

/** By the file's ending: `.jsonl` and `.ndjson` are JSON Lines, everything else is delimited text. */
export function textFile(file: DataFile, columns: TextColumns, options: TextFileOptions = {}): TextDataset {
  return /\.(jsonl|ndjson)$/i.test(nameOf(file)) ? jsonl(file, columns, options) : csv(file, columns, options);
}

function fromTable(
  name: string,
  read: (request: TableRequest) => AsyncIterable<TableRows>,
  columns: TextColumns,
  { onBadRow = 'error', labelSeparator = '|', keepColumns = false, labels: labelNames }: TextFileOptions,
): TextDataset {
  const load = async () => {
    const problems = new RowProblems(name, onBadRow);
    const examples: TextExample[] = [];
    const { text, textPair, negatives = [], label, labels } = columns;
    const numbers =
      columns.numbers === undefined
        ? undefined
        : (await import('./number-columns.js')).numberColumns(columns.numbers, labelSeparator);
    const wanted = [text, textPair, ...negatives, label, labels, ...(numbers?.wanted ?? [])].filter(
      (name) => name !== undefined,
    );
    let found: FoundColumns | undefined;
    const request: TableRequest = {
      problems,
      ...(keepColumns ? {} : { only: wanted }),
      onColumns(table) {
        found = findColumns(table, columns, numbers?.among(table.columns));
      },
    };
    for await (const { columns: names, rows } of read(request)) {
      const learned = numbers?.among(names) ?? [];
      for (const row of rows) {
        const fault = numbers?.problemOf(row, learned) ?? problemOf(row, columns, learned);
        if (fault) {
          const { column, problem } = fault;
          problems.add({ line: row.line, column: names.indexOf(column) + 1, problem: `${problem} ("${column}")` });
        } else {
          examples.push({
            ...exampleOf(row, columns, labelSeparator, labelNames),
            ...(numbers ? { numbers: numbers.valuesOf(row, learned) } : {}),
            ...(keepColumns ? { columns: row.values } : {}),
          });
        }
      }
    }
    return { ...finishRows(name, examples, problems), ...found };
  };
  return new TextDataset(name, load, labelNames);
}

const nameOf = (file: DataFile): string =>
  typeof file === 'string' ? file : 'name' in file ? String(file.name) : 'data';
