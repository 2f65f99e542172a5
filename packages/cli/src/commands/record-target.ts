/** Where the results of many rows go: a file, or standard output in place of what people read. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FileWriter } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { z } from 'zod';
import { formatOf, type RecordFormat, recordExtensions, recordFormats } from '../answer-records.js';
import { flag, text } from '../common-options.js';
import { counted } from '../figures.js';
import type { Settings } from '../options.js';
import { type Output, printable } from '../output.js';
import { createOutputFile } from './output-file.js';
import { requireFilePlace } from './output-place.js';

export const recordOptions = {
  // A config file has the directory of training under this name.
  output: { ...text(z.string().optional(), 'the file to write: .csv or .jsonl'), isFlagOnly: true },
  format: text(z.enum(recordFormats).optional(), 'what to write; by the name of --output, else text for people'),
  overwrite: flag(z.boolean().default(false), 'replaces a file ending in .csv or .jsonl'),
} as const;

export interface RecordTarget {
  readonly format: RecordFormat;
  write(lines: string): Promise<void>;
  /** Ends the file, and reports what it holds. */
  close(counts: RecordCounts, output: Output): Promise<void>;
  /** Gives the file up. */
  abort(): Promise<void>;
}

interface RecordCounts {
  readonly answered: number;
  readonly failed: number;
  readonly skipped: number;
}

type RecordSettings = Settings<typeof recordOptions> & { readonly data?: string | undefined; readonly json: boolean };

/**
 * Nothing is written before the first line. Undefined if the results are for people.
 * @throws AttuneError `E_CONFIG`, `E_OUTPUT_EXISTS`, `E_DISK`; `E_LOCKED` when it is written
 */
export async function recordTarget(settings: RecordSettings): Promise<RecordTarget | undefined> {
  const { output: path, format, overwrite, data, json } = settings;
  if (path === undefined) {
    if (format === undefined) return undefined;
    if (!json) return standardRecords(format);
    throw new AttuneError('E_CONFIG', 'format and json would both write to standard output.', {
      field: 'format',
      hint: 'Give --output a file, or leave --json out.',
    });
  }
  const chosen = formatOf(path, format);
  await requireFilePlace(path, { isOwn: async () => false, overwrite, extensions: recordExtensions });
  if (data !== undefined && (await isSameFile(path, data))) {
    throw new AttuneError('E_OUTPUT_EXISTS', `${path} is the input itself.`, { file: path, field: 'output' });
  }
  let file: Promise<FileWriter> | undefined;
  const writer = () => (file ??= createOutputFile(path));
  return {
    format: chosen,
    write: async (lines) => (await writer()).write(new TextEncoder().encode(lines)),
    async close(counts, output) {
      await (await writer()).close();
      output.result({ output: path, ...counts }, `${path} holds ${counted(counts.answered, 'row')}`);
    },
    abort: async () => (await file)?.abort(),
  };
}

/** Results in place of what people read. */
export const standardRecords = (format: RecordFormat): RecordTarget => ({
  format,
  write: async (lines) => void process.stdout.write(process.stdout.isTTY ? printable(lines) : lines),
  close: async () => {},
  abort: async () => {},
});

async function isSameFile(one: string, other: string): Promise<boolean> {
  const real = (path: string) => realpath(path).catch(() => resolve(path));
  return (await real(one)) === (await real(other));
}
