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
  calibrationErrorWithTemperature: share,
  seconds: z.number().check(z.gte(0)),
  trainableParameters: count,
  storedBytes: count,
  memoryBytes: z.optional(count),
  forgetting: z.optional(
    z.object({
      measure: z.enum(['perplexity', 'accuracy']),
      before: z.number().check(z.gte(0)),
      after: z.number().check(z.gte(0)),
    }),
  ),
});
const schema = z.object({
  arguments: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  results: z.array(resultSchema),
});

/** What results depend on, by the argument that says it: numbers, or hashes of what it names; null for what is not given. */
export type ComparedFacts = Readonly<Record<string, string | number | null>>;

/**
 * The results of an earlier part of the same comparison; none in a new directory.
 * @throws AttuneError `E_OUTPUT_EXISTS` for results of other arguments, which it names, `E_FILE_JSON`
 */
export async function readResults(output: Storage, facts: ComparedFacts): Promise<readonly Result[]> {
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
  const before = parsed.data.arguments;
  const other = Object.keys(facts).filter((name) => (before[name] ?? null) !== facts[name]);
  if (other.length === 0) {
    return parsed.data.results.map(({ memoryBytes, forgetting, ...result }) => ({
      ...result,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(forgetting === undefined ? {} : { forgetting }),
    }));
  }
  const differences = other.map((name) => differenceOf(name, before[name] ?? null, facts[name] ?? null));
  throw new AttuneError('E_OUTPUT_EXISTS', `${file} has results of other arguments: ${differences.join('; ')}.`, {
    file,
    fields: other,
    hint: 'Choose another output directory, or give the arguments of before.',
  });
}

function differenceOf(name: string, before: string | number | null, now: string | number | null): string {
  if (before === null) return `${name} was not given`;
  if (now === null) return `${name} was given${typeof before === 'number' ? ` as ${before}` : ''}`;
  return typeof before === 'number' ? `${name} was ${before}, not ${now}` : `${name} had other contents`;
}

/** Whole or not at all. */
export const writeResults = (output: Storage, facts: ComparedFacts, results: readonly Result[]): Promise<void> =>
  writeJson(output, RECORD, { arguments: facts, results });
