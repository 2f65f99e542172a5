/** Reads JSON Lines: one object a line; blank lines are skipped. */
import { AttuneError } from '@attune/ir';
import type { z } from 'zod';
import { byteSource, type DataFile } from './byte-source.js';
import { requireColumns } from './columns.js';
import { parseJsonLine } from './json-line.js';
import { finishRows, type LoadedRows } from './row-dataset.js';
import { type OnBadRow, RowProblems } from './rows.js';
import { readLines, type TextLimits } from './text.js';

export interface JsonLinesOptions extends TextLimits {
  /** Default `error`. */
  readonly onBadRow?: OnBadRow;
}

export interface JsonObject {
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * The objects of a file, in batches; see `parseJsonLine` for numbers that JavaScript lacks.
 * @param problems gets the lines that are no JSON object
 * @throws AttuneError `E_DATA` for an empty file, `E_DATA_LIMIT`
 */
export async function* readJsonObjects(
  file: DataFile,
  problems: RowProblems,
  limits: TextLimits = {},
): AsyncGenerator<readonly JsonObject[]> {
  const source = byteSource(file);
  let isEmpty = true;
  for await (const { line: first, lines } of readLines(source, limits)) {
    const objects: JsonObject[] = [];
    for (const [index, content] of lines.entries()) {
      if (content.trim() === '') continue;
      isEmpty = false;
      const line = first + index;
      const { value, problem } = parseJsonLine(content);
      if (value) objects.push({ line, value });
      if (problem) problems.add({ line, problem });
    }
    yield objects;
  }
  if (isEmpty) throw new AttuneError('E_DATA', `${source.name} is empty.`, { file: source.name });
}

/**
 * Examples that a schema makes of a file's objects; what does not fit the schema is a bad row.
 * @param columns names of fields by what they are wanted as
 * @throws AttuneError `E_DATA_COLUMN` for a field that no line has, `E_DATA_ROWS`, `E_DATA_EMPTY`
 */
export async function loadExamples<T extends object>(
  file: DataFile,
  columns: Readonly<Record<string, string | undefined>>,
  schema: z.ZodType<T>,
  options: JsonLinesOptions,
): Promise<LoadedRows<T & { readonly row: number }>> {
  const { name } = byteSource(file);
  const problems = new RowProblems(name, options.onBadRow ?? 'error');
  const keys = new Set<string>();
  const examples: (T & { readonly row: number })[] = [];
  for await (const objects of readJsonObjects(file, problems, options)) {
    for (const { line, value } of objects) {
      for (const key of Object.keys(value)) keys.add(key);
      const parsed = schema.safeParse(value);
      if (parsed.success) examples.push({ ...parsed.data, row: line });
      else {
        const [issue] = parsed.error.issues;
        problems.add({ line, problem: `has a wrong "${issue?.path.join('.') ?? ''}": ${issue?.message}` });
      }
    }
  }
  if (keys.size > 0) requireColumns({ name, columns: [...keys] }, columns);
  return finishRows(name, examples, problems);
}
