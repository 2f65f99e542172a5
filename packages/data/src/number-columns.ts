/** The columns of a table that hold numbers; loaded only for tables that are read for some. */
import type { TableRow } from './table.js';
import type { TextColumns } from './text-example.js';
import type { RowFault } from './text-rows.js';

/** How numbers are read from rows. */
export interface NumberColumns {
  /** All columns that may hold them. */
  readonly wanted: readonly string[];
  /** Those that hold them in a table of these columns. */
  among(columns: readonly string[]): readonly string[];
  /** What is wrong with the contents of a row's columns, but for blank ones. */
  problemOf(row: TableRow, columns: readonly string[]): RowFault | undefined;
  valuesOf(row: TableRow, columns: readonly string[]): readonly string[];
}

/**
 * @param given one column of all numbers, or a column for each; a name with commas that no column has stands for those
 * between them
 * @param separator stands between the numbers of one column
 */
export function numberColumns(given: NonNullable<TextColumns['numbers']>, separator: string): NumberColumns {
  const several = typeof given === 'string' ? given.split(',').map((name) => name.trim()) : given;
  return {
    wanted: [...new Set([given, several].flat())],
    among: (columns) => (typeof given === 'string' && columns.includes(given) ? [given] : several),
    problemOf({ lists, structures = {} }, columns) {
      const isOne = columns.length > 1;
      for (const column of columns) {
        const found = structures[column] ?? (isOne && lists?.[column] ? 'a list' : undefined);
        if (found) return { column, problem: `has ${found} where ${isOne ? 'a number is' : 'numbers are'} wanted` };
      }
      return undefined;
    },
    valuesOf({ values, lists }, columns) {
      const [first = ''] = columns;
      if (columns.length > 1) return columns.map((column) => (values[column] ?? '').trim());
      return lists?.[first] ?? splitNumbers(values[first] ?? '', separator);
    },
  };
}

/**
 * The numbers of a cell, as texts: between separators, or in brackets with commas or spaces between them, as Python writes
 * lists and numpy arrays.
 */
export function splitNumbers(cell: string, separator = '|'): readonly string[] {
  const text = cell.trim();
  const [, square, round] = /^\[(.*)\]$|^\(([^,]*,.*)\)$/s.exec(text) ?? [];
  const list = square ?? round;
  if (list !== undefined) return list.trim() === '' ? [] : list.trim().split(/\s*,\s*|\s+/);
  return text.split(separator.trim() === '' ? /\s+/ : separator).map((each) => each.trim());
}
