/** Reads delimited text and JSON Lines into rows of named strings, with the line that each came from. */
import { AttuneError } from '@attune/ir';
import { CsvError, parse } from 'csv-parse/browser/esm/sync';
import { byteSource, type DataFile } from './byte-source.js';
import { type OnBadRow, RowProblems } from './rows.js';
import { readText, type TextLimits } from './text.js';

export interface TableRow {
  /** Line of the file that the row begins on, from 1. */
  readonly line: number;
  /** Values by column name. */
  readonly values: Readonly<Record<string, string>>;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
  readonly problems: RowProblems;
}

export interface TableOptions extends TextLimits {
  /** Default: a tab for `.tsv` and `.tab` files, a comma otherwise. */
  readonly delimiter?: string;
  /** Whether the first row names the columns (default). Without it columns are named `1`, `2`, … */
  readonly header?: boolean;
  /** Whether values may be quoted. Default: not in tab-separated files. */
  readonly quote?: boolean;
  /** Default `error`. */
  readonly onBadRow?: OnBadRow;
}

/**
 * Reads CSV or TSV (RFC 4180, also with a byte order mark or CRLF).
 * @throws AttuneError `E_DATA` for an empty file, repeated column names or an unclosed quote, naming `file:line`;
 * ragged rows are recorded as problems.
 */
export async function readDelimited(file: DataFile, options: TableOptions = {}): Promise<Table> {
  const source = byteSource(file);
  const tabs = /\.(tsv|tab)$/i.test(source.name);
  const { delimiter = tabs ? '\t' : ',', header = true, onBadRow = 'error' } = options;
  const quote = options.quote ?? !tabs;
  const text = await readText(source, options);
  const problems = new RowProblems(source.name, onBadRow);
  const records = parseRecords(source.name, text, delimiter, quote);
  const first = records[0];
  if (!first) throw new AttuneError('E_DATA', `${source.name} is empty.`, { file: source.name });
  const columns = header ? first.record.map((name) => name.trim()) : first.record.map((_, index) => String(index + 1));
  const repeated = columns.find((name, index) => columns.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new AttuneError('E_DATA', `${source.name}:1 names the column "${repeated}" twice.`, {
      file: source.name,
      field: repeated,
    });
  }
  const rows: TableRow[] = [];
  for (const { record, line } of header ? records.slice(1) : records) {
    if (record.length === columns.length) {
      rows.push({ line, values: Object.fromEntries(columns.map((name, index) => [name, record[index]!])) });
    } else {
      problems.add({ line, problem: `has ${record.length} fields, the first row has ${columns.length}` });
    }
  }
  return { name: source.name, columns, rows, problems };
}

interface LocatedRecord {
  readonly record: readonly string[];
  readonly line: number;
}

function parseRecords(name: string, text: string, delimiter: string, quote: boolean): LocatedRecord[] {
  const records: LocatedRecord[] = [];
  let line = 1;
  try {
    parse(text, {
      bom: true,
      delimiter,
      quote: quote ? '"' : null,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record(record: string[], { lines }) {
        records.push({ record, line });
        line = lines + 1;
        return null;
      },
    });
  } catch (cause) {
    const fault =
      cause instanceof CsvError && cause.code === 'CSV_QUOTE_NOT_CLOSED'
        ? 'opens a quote that is never closed'
        : 'cannot be parsed';
    throw new AttuneError('E_DATA', `${name}:${line} ${fault}: ${cause instanceof Error ? cause.message : cause}.`, {
      file: name,
      hint: 'Double the quotes inside quoted values, or read the file with quote: false.',
      cause,
    });
  }
  return records;
}

/**
 * Reads JSON Lines: one object a line, whose strings, numbers and booleans become values; blank lines are skipped.
 * @throws AttuneError `E_DATA` for an empty file; lines that are no JSON object are recorded as problems.
 */
export async function readJsonLines(
  file: DataFile,
  options: Omit<TableOptions, 'delimiter' | 'header' | 'quote'> = {},
): Promise<Table> {
  const source = byteSource(file);
  const text = await readText(source, options);
  const problems = new RowProblems(source.name, options.onBadRow ?? 'error');
  const columns = new Set<string>();
  const rows: TableRow[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    if (content.trim() === '') continue;
    const object = parseObject(content);
    if (!object) {
      problems.add({ line: index + 1, problem: 'is not a JSON object' });
      continue;
    }
    const values = Object.fromEntries(
      Object.entries(object).flatMap(([key, value]) =>
        value === null || typeof value === 'object' ? [] : [[key, String(value)]],
      ),
    );
    for (const key of Object.keys(values)) columns.add(key);
    rows.push({ line: index + 1, values });
  }
  if (rows.length === 0 && problems.count === 0) {
    throw new AttuneError('E_DATA', `${source.name} is empty.`, { file: source.name });
  }
  return { name: source.name, columns: [...columns], rows, problems };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
