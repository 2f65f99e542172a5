import type { Comparison } from './compare.js';

const columns: readonly (readonly [string, (row: Comparison) => string])[] = [
  ['', ({ title }) => title],
  ['accuracy', ({ accuracy }) => `${(100 * accuracy).toFixed(1)} %`],
  ['seconds', ({ seconds }) => seconds.toFixed(1)],
  ['trainable parameters', ({ trainableParameters }) => trainableParameters.toLocaleString('en')],
];

const widths = (titleWidth: number): readonly number[] =>
  columns.map(([name], index) => (index === 0 ? titleWidth : Math.max(name.length, 9)));

const line = (cells: readonly string[], titleWidth: number): string =>
  cells
    .map((cell, index) => {
      const width = widths(titleWidth)[index]!;
      return index === 0 ? cell.padEnd(width) : cell.padStart(width);
    })
    .join('  ');

/** The head of the table; rows are printed as they come. */
export const tableHead = (titleWidth: number): string =>
  line(
    columns.map(([name]) => name),
    titleWidth,
  );

export const tableRow = (row: Comparison, titleWidth: number): string =>
  line(
    columns.map(([, cell]) => cell(row)),
    titleWidth,
  );
