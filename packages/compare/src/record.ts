/** The results of a comparison in its output directory, so that it goes on where it was stopped. */
import { readJson, type Storage, writeJson } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import type { Result } from './result.js';

const RECORD = 'results.json';

const share = z.number().check(z.gte(0), z.lte(1));
const count = z.int().check(z.gte(0));
const resultSchema = z.object({
  method: z.string(),
  shots: z.union([count, z.literal('all')]),
  seed: count,
  examples: count,
  accuracy: share,
  macroF1: share,
  calibrationError: share,
  seconds: z.number().check(z.gte(0)),
  trainableParameters: count,
  storedBytes: count,
  memoryBytes: z.optional(count),
});
const schema = z.object({ data: z.string(), results: z.array(resultSchema) });

/**
 * The results of an earlier part of the same comparison; none in a new directory.
 * @param data what the results depend on, as a hash
 * @throws AttuneError `E_OUTPUT_EXISTS` for results on other data or with another model, `E_FILE_JSON`
 */
export async function readResults(output: Storage, data: string): Promise<readonly Result[]> {
  if (!(await output.exists(RECORD))) return [];
  const file = `${output.name}/${RECORD}`;
  const parsed = schema.safeParse(await readJson(output, RECORD));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new AttuneError('E_FILE_JSON', `${file}: ${field}: ${issue?.message ?? 'is not what it should be'}.`, {
      file,
      field,
      hint: 'Choose another output directory, or remove the file.',
    });
  }
  if (parsed.data.data === data) {
    return parsed.data.results.map(({ memoryBytes, ...result }) => ({
      ...result,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    }));
  }
  throw new AttuneError(
    'E_OUTPUT_EXISTS',
    `${file} has results of other data, of another model or of another length.`,
    {
      file,
      field: 'output',
      hint: 'Choose another output directory.',
    },
  );
}

/** Whole or not at all. */
export const writeResults = (output: Storage, data: string, results: readonly Result[]): Promise<void> =>
  writeJson(output, RECORD, { data, results });
