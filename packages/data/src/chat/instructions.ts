/** Files that a language model is taught by: conversations, questions with answers, or plain texts. */
import type { ExampleSource } from '@attune/core';
import { AttuneError } from '@attune/ir';
import { byteSource, type DataFile } from '../byte-source.js';
import { readJsonObjects } from '../json-lines.js';
import { finishRows, type LoadedRows, RowDataset } from '../row-dataset.js';
import { RowProblems } from '../rows.js';
import { columnsOfFile, delimitedRows, type TableOptions } from '../table.js';
import { readText } from '../text.js';
import { plainTexts } from '../text-lines.js';
import type { InstructionExample } from './instruction-example.js';
import { type InstructionFormat, instructionFormatOf, namedFix, shownRow } from './instruction-formats.js';
import { isRecord } from './is-record.js';
import { parsedJson } from './messages.js';

export interface InstructionOptions extends TableOptions {
  /** The column or field of plain texts; `text` by default. */
  readonly text?: string;
}

/** Examples of one file, read when they are first asked for. */
export class InstructionDataset extends RowDataset<InstructionExample> {
  readonly kind = 'instructions';
}

/** Whether examples are of that kind. */
export const isInstructions = (examples: ExampleSource): examples is InstructionDataset =>
  examples.kind === 'instructions';

/** As instruction data can be: JSON Lines, a JSON list, or a table. Other files are lines of text. */
const isStructured = (name: string): boolean => /\.(jsonl|ndjson|json|csv|tsv|tab)$/i.test(name);

interface Entry {
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * The examples of a file in one of these forms, which is found by the fields of its rows: `messages` (OpenAI); `prompt` with
 * `completion` or `chosen`, both texts or both messages; `conversations` (ShareGPT); `instruction`, `input` and `output`
 * (Alpaca); or a column of texts. JSON Lines, a JSON list, CSV and TSV are read; lines of any other file are texts.
 * @throws AttuneError (when read) `E_DATA_COLUMN` for rows of none of these forms, with the first three of them;
 * `E_DATA_ROWS`, `E_DATA_EMPTY`, and as reading such a file does
 */
export function instructions(file: DataFile, options: InstructionOptions = {}): InstructionDataset {
  const { name } = byteSource(file);
  return new InstructionDataset(name, () => load(file, options));
}

/** Conversations and completions in memory. @throws AttuneError (when read) as `instructions` */
export function instructionRows(
  values: readonly Readonly<Record<string, unknown>>[],
  { name = 'the rows', ...options }: InstructionOptions & { readonly name?: string } = {},
): InstructionDataset {
  const entries = values.map((value, index) => ({ line: index + 1, value }));
  return new InstructionDataset(name, async () => fromEntries(name, entries, options));
}

async function load(file: DataFile, options: InstructionOptions): Promise<LoadedRows<InstructionExample>> {
  const { name } = byteSource(file);
  if (/\.json$/i.test(name)) return fromEntries(name, await entriesOfList(file), options);
  const { text = 'text' } = options;
  const columns = isStructured(name) ? await columnsOfFile(file, options) : [];
  if (!isStructured(name) || isPlain(columns, text)) {
    const texts = plainTexts(file, { text }, options);
    const examples = (await texts.toArray()).map((each): InstructionExample => {
      return { kind: 'text', text: each.text, row: each.row };
    });
    return { examples, skipped: await texts.skipped(), onBadRow: options.onBadRow ?? 'error' };
  }
  const problems = new RowProblems(name, options.onBadRow ?? 'error');
  const entries: Entry[] = [];
  if (/\.(jsonl|ndjson)$/i.test(name)) {
    for await (const objects of readJsonObjects(file, problems, options))
      for (const each of objects) entries.push(each);
  } else {
    for await (const { rows } of delimitedRows(file, { problems }, options)) {
      for (const { line, values } of rows) entries.push({ line, value: values });
    }
  }
  return fromEntries(name, entries, options, problems);
}

/** Whether a column of texts is meant: it is there, and no other form is, or the user has named it. */
const isPlain = (columns: readonly string[], text: string): boolean =>
  columns.includes(text) && (text !== 'text' || !instructionFormatOf(columns));

/** @throws AttuneError `E_DATA` for a file that is no JSON list of objects */
async function entriesOfList(file: DataFile): Promise<readonly Entry[]> {
  const source = byteSource(file);
  const list = parsedJson(await readText(source, { maxLineBytes: 100e6, maxFileBytes: 100e6 }));
  if (Array.isArray(list) && list.every(isRecord)) return list.map((value, index) => ({ line: index + 1, value }));
  throw new AttuneError('E_DATA', `${source.name} is no JSON list of objects.`, {
    file: source.name,
    hint: 'Call a file with one object a line .jsonl.',
  });
}

function fromEntries(
  name: string,
  entries: readonly Entry[],
  { text = 'text', onBadRow = 'error' }: InstructionOptions,
  problems: RowProblems = new RowProblems(name, onBadRow),
): LoadedRows<InstructionExample> {
  const fields = [...new Set(entries.slice(0, 100).flatMap(({ value }) => Object.keys(value)))];
  const format = isPlain(fields, text) ? textFormat(text) : instructionFormatOf(fields);
  if (!format && entries.length > 0) throw noFormat(name, entries, fields, text);
  const examples: InstructionExample[] = [];
  for (const { line, value } of format ? entries : []) {
    const read = format?.read(value) ?? '';
    if (typeof read === 'string') problems.add({ line, problem: read });
    else examples.push({ ...read, row: line });
  }
  return finishRows(name, examples, problems);
}

const textFormat = (field: string): Pick<InstructionFormat, 'read'> => ({
  read(row) {
    const text = row[field];
    return typeof text === 'string' && text.trim() !== '' ? { kind: 'text', text } : `has an empty text ("${field}")`;
  },
});

const noFormat = (name: string, entries: readonly Entry[], fields: readonly string[], text: string): AttuneError =>
  new AttuneError(
    'E_DATA_COLUMN',
    `${name} has no column "${text}", nor fields of conversations. Its first rows:\n${entries
      .slice(0, 3)
      .map(({ line, value }) => `${name}:${line} ${shownRow(value)}`)
      .join('\n')}`,
    { file: name, field: text, hint: namedFix(fields, text) },
  );
