/** Reads delimited text and JSON Lines into rows of named strings, with the line that each came from. */
import { AttuneError } from '@attune/ir';
import { byteSource, type DataFile } from './byte-source.js';
import { type DelimitedOptions, delimitedRecords } from './delimited-file.js';
import type { DelimitedRecord } from './delimited-records.js';
import { readJsonObjects } from './json-lines.js';
import { type OnBadRow, RowProblems } from './rows.js';
import type { TextLimits } from './text.js';

export interface TableRow {
  /** Line of the file that the row begins on, from 1. */
  readonly line: number;
  /** Values by column name. */
  readonly values: Readonly<Record<string, string>>;
  /** Arrays of values by column name, of JSON Lines only. */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  /** What stands in columns whose contents are neither values nor lists of them, such as `an object` or `NaN`. */
  readonly structures?: Readonly<Record<string, string>>;
}

/** Some rows of a table, so that no more of a file is in memory than what is kept of them. */
export interface TableRows {
  /** Names of the columns; in JSON Lines, of those seen so far. */
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

/** What is wanted of a table. */
export interface TableRequest {
  /** Columns whose values are wanted; all by default. */
  readonly only?: readonly string[];
  /** Called when all names of columns are known: before the rows of delimited text, behind those of JSON Lines. */
  onColumns?(table: { readonly name: string; readonly columns: readonly string[] }): void;
  /** Gets what is wrong with rows. */
  readonly problems: RowProblems;
}

/** A table that is all in memory. */
export interface Table extends TableRows {
  readonly name: string;
  readonly problems: RowProblems;
}

export interface TableOptions extends DelimitedOptions {
  /** Default `error`. */
  readonly onBadRow?: OnBadRow;
}

/**
 * Reads CSV or TSV (RFC 4180, also with a byte order mark and with line ends of any kind). A quote within a value that
 * does not begin with one is a character. Columns without a name are left alone.
 * @throws AttuneError `E_DATA` for a file of another format, an empty file, repeated column names or a quote that is
 * never closed, naming `file:line`; `E_DATA_LIMIT`; ragged rows are recorded as problems
 */
export async function* delimitedRows(
  file: DataFile,
  { only, onColumns, problems }: TableRequest,
  options: TableOptions = {},
): AsyncGenerator<TableRows> {
  const source = byteSource(file);
  refuseOtherFormats(source.name);
  const { header = true } = options;
  let columns: readonly string[] | undefined;
  let wanted: readonly (readonly [string, number])[] = [];
  for await (const batch of delimitedRecords(source, options, problems.onBadRow)) {
    let records = batch;
    if (!columns) {
      const [first] = records;
      if (!first) continue;
      columns = columnsOf(first, header, source.name);
      onColumns?.({ name: source.name, columns });
      if (header) records = records.slice(1);
      const places = new Map(columns.map((name, index) => [name, index]));
      wanted = (only ?? columns).flatMap((name) => {
        const place = places.get(name);
        return place === undefined || name === '' ? [] : [[name, place] as const];
      });
    }
    const rows: TableRow[] = [];
    for (const { fields, line, problem } of records) {
      const fault = problem ?? widthProblem(fields, columns);
      if (fault) problems.add({ line, problem: fault });
      else if (!isBlank(fields, columns)) {
        rows.push({ line, values: Object.fromEntries(wanted.map(([name, place]) => [name, fields[place] ?? ''])) });
      }
    }
    yield { columns, rows };
  }
  if (!columns) throw new AttuneError('E_DATA', `${source.name} is empty.`, { file: source.name });
}

/** All of a CSV or TSV file, ragged rows among the problems. @throws AttuneError as `delimitedRows` */
export async function readDelimited(file: DataFile, options: TableOptions = {}): Promise<Table> {
  const { name } = byteSource(file);
  const problems = new RowProblems(name, options.onBadRow ?? 'error');
  let columns: readonly string[] = [];
  const rows: TableRow[] = [];
  for await (const batch of delimitedRows(file, { problems }, options)) {
    columns = batch.columns;
    for (const row of batch.rows) rows.push(row);
  }
  return { name, columns, rows, problems };
}

/** @throws AttuneError `E_DATA` for a header that repeats a name or cannot be read */
function columnsOf({ fields, line, problem }: DelimitedRecord, header: boolean, file: string): readonly string[] {
  if (problem) throw new AttuneError('E_DATA', `${file}:${line} ${problem}.`, { file });
  if (!header) return fields.map((_, index) => String(index + 1));
  const names = new Set<string>();
  return fields.map((field) => {
    const name = field.trim();
    if (name !== '' && names.has(name)) {
      throw new AttuneError('E_DATA', `${file}:${line} names the column "${name}" twice.`, { file, field: name });
    }
    names.add(name);
    return name;
  });
}

/** Values that are empty are no fault behind the last column, nor is their absence in columns without a name. */
function widthProblem(fields: readonly string[], columns: readonly string[]): string | undefined {
  const isFitting =
    fields.length === columns.length ||
    isBlank(fields, columns) ||
    (fields.length > columns.length && fields.slice(columns.length).every((field) => field.trim() === '')) ||
    (fields.length < columns.length && columns.slice(fields.length).every((name) => name === ''));
  return isFitting ? undefined : `has ${fields.length} fields, the first row has ${columns.length}`;
}

/** A line of white space. */
const isBlank = (fields: readonly string[], columns: readonly string[]): boolean =>
  fields.length === 1 && columns.length > 1 && fields[0]?.trim() === '';

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

/**
 * Reads JSON Lines: one object a line. Strings, numbers and booleans become values, arrays of them lists.
 * @throws AttuneError `E_DATA` for an empty file, `E_DATA_LIMIT`; lines that are no JSON object are recorded as problems
 */
export async function* jsonLinesRows(
  file: DataFile,
  { only, onColumns, problems }: TableRequest,
  options: TextLimits = {},
): AsyncGenerator<TableRows> {
  const columns = new Set<string>();
  for await (const objects of readJsonObjects(file, problems, options)) {
    const rows = objects.map(({ line, value }): TableRow => {
      for (const key of Object.keys(value)) columns.add(key);
      return rowOf(line, value, only ?? Object.keys(value));
    });
    yield { columns: [...columns], rows };
  }
  if (columns.size > 0) onColumns?.({ name: byteSource(file).name, columns: [...columns] });
}

function rowOf(line: number, value: Readonly<Record<string, unknown>>, keys: readonly string[]): TableRow {
  const [values, lists, structures] = [
    new Map<string, string>(),
    new Map<string, string[]>(),
    new Map<string, string>(),
  ];
  for (const key of keys) {
    const each = Object.hasOwn(value, key) ? value[key] : undefined;
    if (isScalar(each)) values.set(key, String(each));
    else if (Array.isArray(each) && each.every(isScalar))
      lists.set(
        key,
        each.map((item) => String(item).trim()),
      );
    else if (each !== undefined && each !== null) structures.set(key, structureOf(each));
  }
  return {
    line,
    values: Object.fromEntries(values),
    ...(lists.size > 0 ? { lists: Object.fromEntries(lists) } : {}),
    ...(structures.size > 0 ? { structures: Object.fromEntries(structures) } : {}),
  };
}

/** BigInt stands for integers that numbers do not hold; NaN and the infinities for what other writers of JSON write. */
const isScalar = (value: unknown): boolean =>
  typeof value === 'number' ? Number.isFinite(value) : ['string', 'boolean', 'bigint'].includes(typeof value);

function structureOf(value: unknown): string {
  if (typeof value === 'number' || value === null) return String(value);
  if (!Array.isArray(value)) return 'an object';
  const odd: unknown = value.find((item) => !isScalar(item));
  return typeof odd === 'object' && odd !== null ? 'a list of lists or objects' : `a list with ${structureOf(odd)}`;
}

/** Names of the columns of a file, by its first rows. @throws AttuneError as reading it does */
export async function columnsOfFile(file: DataFile, options: TableOptions = {}): Promise<readonly string[]> {
  const { name } = byteSource(file);
  const problems = new RowProblems(name, 'skip');
  const isJson = /\.(jsonl|ndjson)$/i.test(name);
  const reader = isJson ? jsonLinesRows(file, { problems }, options) : delimitedRows(file, { problems }, options);
  for await (const { columns } of reader) return columns;
  return [];
}
