import type { EncodingModel, ExampleSource } from '@attune/core';
import { AttuneError } from '@attune/ir';
import type { DataFile } from './byte-source.js';
import { requireColumns } from './columns.js';
import type { EncodedDataset } from './encode-examples.js';
import { checkTextsFor, encodeTextsFor } from './encode-for-model.js';
import { distinctLabels, finishRows, namedLabel, RowDataset } from './row-dataset.js';
import { type OnBadRow, RowProblems } from './rows.js';
import { splitLabels } from './split-labels.js';
import {
  delimitedRows,
  jsonLinesRows,
  type TableOptions,
  type TableRequest,
  type TableRow,
  type TableRows,
} from './table.js';

/** A text (or a pair of texts) with what is to be learned about it. */
export interface TextExample {
  readonly text: string;
  readonly textPair?: string;
  /** A class name, or a number as text for regression; absent in data that is only predicted on. */
  readonly label?: string;
  /** Any number of class names, where the text may have several. */
  readonly labels?: readonly string[];
  /** All values of the row by the names of their columns, if they are kept. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Line of the file, or index from 1 in memory. */
  readonly row: number;
}

/** Which columns hold what. */
export interface TextColumns {
  readonly text: string;
  readonly textPair?: string;
  readonly label?: string;
  /** Column of any number of labels: an array in JSON Lines, or text separated by `labelSeparator`; empty for none. */
  readonly labels?: string;
}

export interface TextFileOptions extends TableOptions {
  /** Stands between the labels of a `labels` column; `|` by default. */
  readonly labelSeparator?: string;
  /** Names of the classes in the order of their numbers: an integer in the label column stands for its class's name. */
  readonly labels?: readonly string[];
  /** Keeps all values of a row in `columns`, for results that repeat them. */
  readonly keepColumns?: boolean;
}

/** Text examples of one file, read when they are first asked for. */
export class TextDataset extends RowDataset<TextExample> implements ExampleSource {
  /** As the Trainer asks for them; errors as for `encodeTextsFor`. */
  encodedFor(model: EncodingModel, signal?: AbortSignal): Promise<EncodedDataset> {
    return encodeTextsFor(this, model, { signal });
  }

  checkFor(model: EncodingModel): Promise<void> {
    return checkTextsFor(this, model);
  }

  /**
   * The names that were given, or the distinct labels: integers by their size, others in alphabetical order.
   * @throws AttuneError `E_DATA_LABELS` where there are fewer than two, or none where texts may have several
   */
  async labels(): Promise<readonly string[]> {
    if (this.labelNames) return this.labelNames;
    const examples = await this.toArray();
    const mayBeSeveral = examples.some(({ labels }) => labels !== undefined);
    const all = examples.flatMap(({ label, labels }) => labels ?? (label === undefined ? [] : [label]));
    return distinctLabels(this.name, all, mayBeSeveral ? 1 : 2);
  }
}

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
  const { text, textPair, label, labels } = columns;
  const wanted = [text, textPair, label, labels].filter((column) => column !== undefined);
  const load = async () => {
    const problems = new RowProblems(name, onBadRow);
    const examples: TextExample[] = [];
    let labelColumn: number | undefined;
    const request: TableRequest = {
      problems,
      ...(keepColumns ? {} : { only: wanted }),
      onColumns(table) {
        requireColumns(table, { text, textPair, label, labels });
        requireOtherColumn(table.name, columns);
        const place = table.columns.indexOf(label ?? labels ?? '');
        if (place >= 0) labelColumn = place + 1;
      },
    };
    for await (const { columns: names, rows } of read(request)) {
      for (const row of rows) {
        const found = problemOf(row, columns);
        if (found) {
          const { column, problem } = found;
          problems.add({ line: row.line, column: names.indexOf(column) + 1, problem: `${problem} ("${column}")` });
        } else {
          const example = exampleOf(row, columns, labelSeparator, labelNames);
          examples.push(keepColumns ? { ...example, columns: row.values } : example);
        }
      }
    }
    const loaded = finishRows(name, examples, problems);
    return labelColumn === undefined ? loaded : { ...loaded, labelColumn };
  };
  return new TextDataset(name, load, labelNames);
}

/** @throws AttuneError `E_DATA_COLUMN` for a label that is the text itself */
function requireOtherColumn(name: string, { text, textPair, label, labels }: TextColumns): void {
  const learned = label ?? labels;
  if (learned === undefined || (learned !== text && learned !== textPair)) return;
  throw new AttuneError('E_DATA_COLUMN', `The column "${learned}" of ${name} is named for texts and for labels.`, {
    file: name,
    field: learned,
    hint: 'Name the column of the labels (--label-column).',
  });
}

function problemOf(
  { values, lists, structures = {} }: TableRow,
  { text, textPair, label, labels }: TextColumns,
): { readonly column: string; readonly problem: string } | undefined {
  if (label !== undefined && lists?.[label]) return { column: label, problem: 'has a list where one label is wanted' };
  for (const column of [text, textPair, label]) {
    const found = column === undefined ? undefined : (structures[column] ?? (lists?.[column] && 'a list'));
    if (column !== undefined && found) return { column, problem: `has ${found} where a text is wanted` };
  }
  if (labels !== undefined && values[labels] === undefined && !lists?.[labels]) {
    return { column: labels, problem: 'has no list of labels' };
  }
  const fault = faultOf(values[text] ?? '', label === undefined ? undefined : (values[label] ?? ''));
  if (!fault) return undefined;
  return { column: fault === 'text' ? text : (label ?? text), problem: `has an empty ${fault}` };
}

function exampleOf(
  { line, values, lists }: TableRow,
  { text, textPair, label, labels }: TextColumns,
  separator: string,
  labelNames: readonly string[] | undefined,
): TextExample {
  const several = labels === undefined ? undefined : (lists?.[labels] ?? splitLabels(values[labels]!, separator));
  return {
    text: values[text]!,
    ...(textPair === undefined ? {} : { textPair: values[textPair] ?? '' }),
    ...(label === undefined ? {} : { label: namedLabel(values[label]!.trim(), labelNames) }),
    ...(several === undefined ? {} : { labels: several.map((each) => namedLabel(each, labelNames)) }),
    row: line,
  };
}

function faultOf(text: string, label: string | undefined): 'text' | 'label' | undefined {
  if (text.trim() === '') return 'text';
  return label !== undefined && label.trim() === '' ? 'label' : undefined;
}

const nameOf = (file: DataFile): string =>
  typeof file === 'string' ? file : 'name' in file ? String(file.name) : 'data';
