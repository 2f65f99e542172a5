/** Rows of a table as examples of texts, and what is wrong with those that are none. */
import { AttuneError } from '@attune/ir';
import { requireColumns } from './columns.js';
import { namedLabel } from './row-dataset.js';
import { splitLabels } from './split-labels.js';
import type { Table, TableRow } from './table.js';
import type { TextColumns, TextExample } from './text-example.js';

/** What the columns of a table say about its examples. */
export interface FoundColumns {
  /** Number of the label's field within a row, from 1, if it has one. */
  readonly labelColumn?: number;
  /** Names of several numbers, if each has a column. */
  readonly numberNames?: readonly string[];
}

/**
 * @param numbers columns of numbers
 * @throws AttuneError `E_DATA_COLUMN` for a column that is not there, and for a label that is the text itself
 */
export function findColumns(
  table: Pick<Table, 'name' | 'columns'>,
  { text, textPair, negatives = [], label, labels }: TextColumns,
  numbers: readonly string[] = [],
): FoundColumns {
  requireColumns(table, { text, textPair, label, labels });
  for (const negative of negatives) requireColumns(table, { text: negative });
  for (const number of numbers) requireColumns(table, { label: number });
  const learned = [label ?? labels ?? [], numbers].flat();
  const same = learned.find((column) => column === text || column === textPair);
  if (same !== undefined) {
    throw new AttuneError('E_DATA_COLUMN', `The column "${same}" of ${table.name} is named for texts and for labels.`, {
      file: table.name,
      field: same,
      hint: 'Name the column of the labels (--label-column).',
    });
  }
  if (learned.length > 1) return { numberNames: learned };
  const place = table.columns.indexOf(learned[0] ?? '');
  return place < 0 ? {} : { labelColumn: place + 1 };
}

export interface RowFault {
  readonly column: string;
  readonly problem: string;
}

/** What is wrong with a row, if anything. @param numbers its columns of numbers, which must not be blank */
export function problemOf(
  { values, lists, structures = {} }: TableRow,
  { text, textPair, negatives = [], label, labels }: TextColumns,
  numbers: readonly string[],
): RowFault | undefined {
  if (label !== undefined && lists?.[label]) return { column: label, problem: 'has a list where one label is wanted' };
  for (const column of [text, textPair, ...negatives, label]) {
    const found = column === undefined ? undefined : (structures[column] ?? (lists?.[column] && 'a list'));
    if (column !== undefined && found) return { column, problem: `has ${found} where a text is wanted` };
  }
  if (labels !== undefined && values[labels] === undefined && !lists?.[labels]) {
    return { column: labels, problem: 'has no list of labels' };
  }
  const learned = label ?? numbers.find((column) => !lists?.[column] && (values[column] ?? '').trim() === '');
  const fault = faultOf(values[text] ?? '', learned === undefined ? undefined : (values[learned] ?? ''));
  if (!fault) return undefined;
  return { column: fault === 'text' ? text : (learned ?? text), problem: `has an empty ${fault}` };
}

/** The example that a sound row is. */
export function exampleOf(
  { line, values, lists }: TableRow,
  { text, textPair, negatives, label, labels }: TextColumns,
  separator: string,
  labelNames: readonly string[] | undefined,
): TextExample {
  const several = labels === undefined ? undefined : (lists?.[labels] ?? splitLabels(values[labels]!, separator));
  return {
    text: values[text]!,
    ...(textPair === undefined ? {} : { textPair: values[textPair] ?? '' }),
    ...(negatives === undefined ? {} : { negatives: negatives.map((column) => values[column] ?? '') }),
    ...(label === undefined ? {} : { label: namedLabel(values[label]!.trim(), labelNames) }),
    ...(several === undefined ? {} : { labels: several.map((each) => namedLabel(each, labelNames)) }),
    row: line,
  };
}

/** Which of the two is blank. @param label undefined where none is wanted */
export function faultOf(text: string, label: string | undefined): 'text' | 'label' | undefined {
  if (text.trim() === '') return 'text';
  return label !== undefined && label.trim() === '' ? 'label' : undefined;
}
