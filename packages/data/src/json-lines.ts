/** Reads JSON Lines: one object a line; blank lines are skipped. */
import { jsonFault } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import type { z } from 'zod';
import { byteSource, type DataFile } from './byte-source.js';
import { requireColumns } from './columns.js';
import { finishRows, type LoadedRows, RowDataset } from './row-dataset.js';
import { type OnBadRow, RowProblems } from './rows.js';
import { readText, type TextLimits } from './text.js';

export interface JsonLinesOptions extends TextLimits {
  /** Default `error`. */
  readonly onBadRow?: OnBadRow;
}

export interface JsonObjects {
  readonly name: string;
  /** The fields that any of the objects has. */
  readonly columns: readonly string[];
  readonly objects: readonly { readonly line: number; readonly value: Readonly<Record<string, unknown>> }[];
  readonly problems: RowProblems;
}

/** @throws AttuneError `E_DATA` for an empty file; lines that are no JSON object are recorded as problems */
export async function readJsonObjects(file: DataFile, options: JsonLinesOptions = {}): Promise<JsonObjects> {
  const source = byteSource(file);
  const text = await readText(source, options);
  const problems = new RowProblems(source.name, options.onBadRow ?? 'error');
  const columns = new Set<string>();
  const objects: { readonly line: number; readonly value: Readonly<Record<string, unknown>> }[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    if (content.trim() === '') continue;
    const line = index + 1;
    const value = parseObject(content);
    // After parsing, which says whether the text is JSON at all.
    const fault = value && jsonFault(content, { maxDepth: 1000 });
    if (value && !fault) objects.push({ line, value });
    else problems.add({ line, problem: fault?.problem ?? 'is not a JSON object' });
    for (const key of Object.keys(value ?? {})) columns.add(key);
  }
  if (objects.length === 0 && problems.count === 0) {
    throw new AttuneError('E_DATA', `${source.name} is empty.`, { file: source.name });
  }
  return { name: source.name, columns: [...columns], objects, problems };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Examples that a schema makes of a file's objects; what does not fit the schema is a bad row.
 * @param columns names of fields by what they are wanted as
 * @throws AttuneError (when read) `E_DATA_COLUMN` for a field that no line has, `E_DATA_ROWS`, `E_DATA_EMPTY`
 */
export function jsonExamples<T extends object>(
  file: DataFile,
  columns: Readonly<Record<string, string | undefined>>,
  schema: z.ZodType<T>,
  options: JsonLinesOptions = {},
): RowDataset<T & { readonly row: number }> {
  const { name } = byteSource(file);
  return new RowDataset(name, () => loadExamples(file, columns, schema, options));
}

/** What `jsonExamples` reads. */
export async function loadExamples<T extends object>(
  file: DataFile,
  columns: Readonly<Record<string, string | undefined>>,
  schema: z.ZodType<T>,
  options: JsonLinesOptions,
): Promise<LoadedRows<T & { readonly row: number }>> {
  const read = await readJsonObjects(file, options);
  const { name, objects, problems } = read;
  if (objects.length > 0) requireColumns(read, columns);
  const examples = objects.flatMap(({ line, value }) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return [{ ...parsed.data, row: line }];
    const [issue] = parsed.error.issues;
    problems.add({ line, problem: `has a wrong "${issue?.path.join('.') ?? ''}": ${issue?.message}` });
    return [];
  });
  return finishRows(name, examples, problems);
}
