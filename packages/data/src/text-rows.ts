/** Rows of a table as examples of texts, and what is wrong with those that are none. */
import { AttuneError } from '@attune/ir';
import { requireColumns } from './columns.js';
import { splitNumbers } from './number-labels.js';
import { namedLabel } from './row-dataset.js';
import { splitLabels } from './split-labels.js';
import type { Table, TableRow } from './table.js';
import type { TextColumns, TextExample } from './text-examples.js';

/** What the columns of a table say about its examples. */
export interface FoundColumns {
  /** Number of the label's field within a row, from 1, if it has one. */
  readonly labelColumn?: number;
  /** Names of several numbers, if each has a column. */
  readonly numberNames?: readonly string[];
}

/** The columns that may be read. */
export function wantedColumns({ text, textPair, label, labels, numbers }: TextColumns): readonly string[] {
  const split = typeof numbers === 'string' ? [numbers, ...numberColumns(numbers, [])] : (numbers ?? []);
  return [text, textPair, label, labels, ...split].filter((column) => column !== undefined);
}

/** The columns of numbers. @param columns that the table has */
export function numberColumns(numbers: TextColumns['numbers'] = [], columns: readonly string[]): readonly string[] {
  if (typeof numbers !== 'string') return numbers;
  return columns.includes(numbers) ? [numbers] : numbers.split(',').map((name) => name.trim());
}

/** @throws AttuneError `E_DATA_COLUMN` for a column that is not there, and for a label that is the text itself */
export function findColumns(table: Pick<Table, 'name' | 'columns'>, columns: TextColumns): FoundColumns {
  const { text, textPair, label, labels } = columns;
  const numbers = numberColumns(columns.numbers, table.columns);
  requireColumns(table, { text, textPair, label, labels });
  for (const number of numbers) requireColumns(table, { label: number });
  const learned = [label ?? labels ?? [], numbers].flat();
  for (const column of learned) requireOtherColumn(table.name, column, columns);
  if (learned.length > 1) return { numberNames: learned };
  const place = table.columns.indexOf(learned[0] ?? '');
  return place < 0 ? {} : { labelColumn: place + 1 };
}

function requireOtherColumn(name: string, learned: string, { text, textPair }: TextColumns): void {
  if (learned !== text && learned !== textPair) return;
  throw new AttuneError('E_DATA_COLUMN', `The column "${learned}" of ${name} is named for texts and for labels.`, {
    file: name,
    field: learned,
    hint: 'Name the column of the labels (--label-column).',
  });
}

/** What is wrong with a row, if anything. @param numbers its columns of numbers */
export function problemOf(
  row: TableRow,
  { text, textPair, label, labels }: TextColumns,
  numbers: readonly string[],
): { readonly column: string; readonly problem: string } | undefined {
  const { values, lists, structures = {} } = row;
  if (label !== undefined && lists?.[label]) return { column: label, problem: 'has a list where one label is wanted' };
  for (const column of [text, textPair, label]) {
    const found = column === undefined ? undefined : (structures[column] ?? (lists?.[column] && 'a list'));
    if (column !== undefined && found) return { column, problem: `has ${found} where a text is wanted` };
  }
  const isOne = numbers.length > 1;
  for (const column of numbers) {
    const found = structures[column] ?? (isOne && lists?.[column] ? 'a list' : undefined);
    if (found) return { column, problem: `has ${found} where ${isOne ? 'a number is' : 'numbers are'} wanted` };
  }
  if (labels !== undefined && values[labels] === undefined && !lists?.[labels]) {
    return { column: labels, problem: 'has no list of labels' };
  }
  const blank = numbers.find((column) => !lists?.[column] && (values[column] ?? '').trim() === '');
  const fault = faultOf(values[text] ?? '', label === undefined ? blank && '' : (values[label] ?? ''));
  if (!fault) return undefined;
  return { column: fault === 'text' ? text : (label ?? blank ?? text), problem: `has an empty ${fault}` };
}

/** How the labels of a row are read. */
interface LabelReading {
  /** The columns of numbers. */
  readonly numbers: readonly string[];
  readonly labelSeparator: string;
  readonly labelNames: readonly string[] | undefined;
}

/** The example that a sound row is. */
export function exampleOf(
  row: TableRow,
  { text, textPair, label, labels }: TextColumns,
  { numbers, labelSeparator, labelNames }: LabelReading,
): TextExample {
  const { line, values, lists } = row;
  const several = labels === undefined ? undefined : (lists?.[labels] ?? splitLabels(values[labels]!, labelSeparator));
  return {
    text: values[text]!,
    ...(textPair === undefined ? {} : { textPair: values[textPair] ?? '' }),
    ...(label === undefined ? {} : { label: namedLabel(values[label]!.trim(), labelNames) }),
    ...(several === undefined ? {} : { labels: several.map((each) => namedLabel(each, labelNames)) }),
    ...(numbers.length === 0 ? {} : { numbers: numbersOfRow(row, numbers, labelSeparator) }),
    row: line,
  };
}

function numbersOfRow({ values, lists }: TableRow, columns: readonly string[], separator: string): readonly string[] {
  const [first = ''] = columns;
  if (columns.length > 1) return columns.map((column) => (values[column] ?? '').trim());
  return lists?.[first] ?? splitNumbers(values[first] ?? '', separator);
}

/** Which of the two is blank. @param label undefined where none is wanted */
export function faultOf(text: string, label: string | undefined): 'text' | 'label' | undefined {
  if (text.trim() === '') return 'text';
  return label !== undefined && label.trim() === '' ? 'label' : undefined;
}
