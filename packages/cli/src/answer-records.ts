/** Results of many rows as CSV or JSON Lines. */
import { RowProblems, readDelimited, readJsonObjects } from '@attune/data';
import { AttuneError } from '@attune/ir';
import { type TableSettings, tableOptions } from '@attune/tasks';
import { stringify } from 'csv-stringify/sync';

export const recordFormats = ['csv', 'jsonl'] as const;
export type RecordFormat = (typeof recordFormats)[number];

/** The endings of files that results may be written to. */
export const recordExtensions = ['.csv', '.jsonl', '.ndjson'];

type Fields = Readonly<Record<string, unknown>>;

export interface AnswerRecord {
  /** Line of the input. */
  readonly row?: number | undefined;
  /** Columns of the input. */
  readonly columns?: Fields | undefined;
  /** The answer; empty where there is none. */
  readonly json: Fields;
  /** The answer as cells of a table, if not each field of it. */
  readonly cells?: Fields | undefined;
  /** Why there is no answer. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

/** The format that is asked for, or that the file's name says. @throws AttuneError `E_CONFIG` for a name that says none */
export function formatOf(output: string, format: RecordFormat | undefined): RecordFormat {
  if (format !== undefined) return format;
  const name = output.toLowerCase();
  const extension = recordExtensions.find((each) => name.endsWith(each));
  if (extension !== undefined) return extension === '.csv' ? 'csv' : 'jsonl';
  throw new AttuneError('E_CONFIG', `output is ${output}; its name must end in ${recordExtensions.join(', ')}.`, {
    field: 'output',
    hint: 'Choose such a name, or say what to write with --format csv or --format jsonl.',
  });
}

/** One object of JSON Lines. */
export const recordJson = ({ row, columns, json, error }: AnswerRecord): Fields => ({
  ...(row === undefined ? {} : { row }),
  ...(columns === undefined ? {} : { columns }),
  ...json,
  ...(error === undefined ? {} : { error }),
});

/**
 * The lines of some records. A table has the columns of its first records, and the error's if it is among them.
 * @param withHeader whether a table begins here
 */
export function recordLines(records: readonly AnswerRecord[], format: RecordFormat, withHeader = true): string {
  if (format === 'jsonl') return records.map((record) => `${JSON.stringify(recordJson(record))}\n`).join('');
  const rows = records.map((record) => new Map(cellsOf(record)));
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))].sort((a, b) => rankOf(a) - rankOf(b));
  const lines = rows.map((row) => columns.map((column) => cellOf(row.get(column))));
  return stringify(withHeader ? [columns, ...lines] : lines);
}

/** Errors stand last, whichever row has the first. */
const ERROR = 'error';
const rankOf = (column: string): number => Number(column === ERROR);

/** What an answer repeats of its input, which stands among the columns that are kept. */
const repeated: readonly string[] = ['text', 'question'];

function cellsOf({ row, columns, json, cells = json, error }: AnswerRecord): readonly (readonly [string, unknown])[] {
  const own = Object.entries(cells)
    .filter(([name]) => columns === undefined || !repeated.includes(name))
    .map(([name, value]) => [columns && Object.hasOwn(columns, name) ? `predicted_${name}` : name, value] as const);
  return [
    ...(row === undefined ? [] : [['row', row] as const]),
    ...Object.entries(columns ?? {}),
    ...own,
    ...(error === undefined ? [] : [[ERROR, error.message] as const]),
  ];
}

const cellOf = (value: unknown): unknown =>
  typeof value === 'object' || typeof value === 'boolean' ? JSON.stringify(value) : value;

/** The columns of a table by the lines that its rows begin on. @throws AttuneError `E_CONFIG` for a file without columns */
export async function columnsByRow(
  file: string | undefined,
  settings: TableSettings,
): Promise<ReadonlyMap<number, Fields>> {
  if (file === undefined || !/\.(csv|tsv|tab|jsonl|ndjson)$/i.test(file)) {
    throw new AttuneError('E_CONFIG', `keepColumns needs a table; ${file ?? 'the input'} has no columns.`, {
      field: 'keepColumns',
      hint: 'Leave --keep-columns out, or give --data a file of CSV, TSV or JSON Lines.',
    });
  }
  if (/\.(jsonl|ndjson)$/i.test(file)) {
    const found = new Map<number, Fields>();
    for await (const objects of readJsonObjects(file, new RowProblems(file, 'skip'))) {
      for (const { line, value } of objects) found.set(line, value);
    }
    return found;
  }
  const table = await readDelimited(file, { ...tableOptions(settings), onBadRow: 'skip' });
  return new Map(table.rows.map(({ line, values }) => [line, values]));
}
