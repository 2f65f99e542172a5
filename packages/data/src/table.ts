/** Reads delimited text and JSON Lines into rows of named strings, with the line that each came from. */
import { AttuneError } from '@attune/ir';
import { CsvError, parse } from 'csv-parse/browser/esm/sync';
import { byteSource, type DataFile } from './byte-source.js';
import { type JsonLinesOptions, readJsonObjects } from './json-lines.js';
import { type OnBadRow, RowProblems } from './rows.js';
import { readText, type TextLimits } from './text.js';

export interface TableRow {
  /** Line of the file that the row begins on, from 1. */
  readonly line: number;
  /** Values by column name. */
  readonly values: Readonly<Record<string, string>>;
  /** Arrays of values by column name, of JSON Lines only. */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  /** What stands in columns whose contents are neither values nor lists of them: `a list` or `an object`. */
  readonly structures?: Readonly<Record<string, string>>;
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
 * @throws AttuneError `E_DATA` for a file of another format, an empty file, repeated column names or an unclosed quote, naming `file:line`;
 * ragged rows are recorded as problems.
 */
export async function readDelimited(file: DataFile, options: TableOptions = {}): Promise<Table> {
  const source = byteSource(file);
  refuseOtherFormats(source.name);
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

/** By the ending: the contents of such a file would only look like very odd delimited text. */
function refuseOtherFormats(name: string): void {
  const ending = /\.(json|parquet|arrow|feather|avro|orc|xlsx?|ods|pdf|zip|gz|bz2|xz|zst)$/i.exec(name)?.[0];
  if (ending === undefined) return;
  const isJson = ending.toLowerCase() === '.json';
  throw new AttuneError(
    'E_DATA',
    `${name} is a ${ending} file; delimited text (.csv, .tsv) and JSON Lines (.jsonl, .ndjson) are read.`,
    {
      file: name,
      hint: isJson ? 'Call a file with one object a line .jsonl.' : 'Convert it to one of these formats.',
    },
  );
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
 * Reads JSON Lines: one object a line. Strings, numbers and booleans become values, arrays of them lists.
 * @throws AttuneError `E_DATA` for an empty file; lines that are no JSON object are recorded as problems.
 */
export async function readJsonLines(file: DataFile, options: JsonLinesOptions = {}): Promise<Table> {
  const { name, columns, objects, problems } = await readJsonObjects(file, options);
  const rows = objects.map(({ line, value }): TableRow => {
    const entries = Object.entries(value);
    return {
      line,
      values: Object.fromEntries(entries.flatMap(([key, each]) => (isScalar(each) ? [[key, String(each)]] : []))),
      lists: Object.fromEntries(
        entries.flatMap(([key, each]) => (isList(each) ? [[key, each.map((item) => String(item).trim())]] : [])),
      ),
      structures: Object.fromEntries(
        entries.flatMap(([key, each]) =>
          isScalar(each) || isList(each) || each === null ? [] : [[key, Array.isArray(each) ? 'a list' : 'an object']],
        ),
      ),
    };
  });
  return { name, columns, rows, problems };
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.every(isScalar);

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
