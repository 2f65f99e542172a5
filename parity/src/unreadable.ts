/** What looks like a golden file and cannot be read is a failed case: it must not vanish from the count. */
import { readJson } from '@attune/hub';
import { z } from 'zod';
import { goldenFileSchema, join } from './golden-file.js';
import { scheduleFileSchema } from './optimizers.js';
import type { ParityCase, ParityFolder } from './parity-case.js';

/** Files with a record of cases; the tokenizers' files have a list. */
const withCasesSchema = z.looseObject({ cases: z.record(z.string(), z.unknown()), schedule: z.unknown().optional() });

/** The JSON files of a folder that are no JSON, or golden files without their format or their data; with the reason. */
export async function unreadableFiles({ storage, path, files }: ParityFolder): Promise<ReadonlyMap<string, string>> {
  const problems = new Map<string, string>();
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    try {
      const problem = problemOf(await readJson(storage, join(path, file)), file, files);
      if (problem) problems.set(file, problem);
    } catch (error) {
      problems.set(file, error instanceof Error ? error.message : String(error));
    }
  }
  return problems;
}

function problemOf(content: unknown, file: string, files: readonly string[]): string | undefined {
  const golden = withCasesSchema.safeParse(content);
  if (!golden.success) return undefined;
  const isSchedule = golden.data.schedule !== undefined;
  const { error } = (isSchedule ? scheduleFileSchema : goldenFileSchema).safeParse(content);
  if (error) return `is not of the format: ${z.prettifyError(error).replaceAll('\n', ' ')}`;
  const data = file.replace(/\.json$/, '.safetensors');
  return isSchedule || files.includes(data) ? undefined : `has no ${data} beside it`;
}

/** A case that fails because it could not be read. */
export function unreadableCase(id: string, problem: string): ParityCase {
  return {
    id,
    run: async () => {
      throw new Error(`could not be read: ${problem}`);
    },
  };
}
