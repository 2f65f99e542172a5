/** What the command prints: results on standard output, everything for people on standard error. */
import { isAttuneError } from '@attune/ir';
import pico from 'picocolors';

export interface Output {
  readonly json: boolean;
  /** A line for people. */
  note(line: string): void;
  /** Something that happened, for machines; one JSON object per line under --json. */
  event(event: Readonly<Record<string, unknown>>): void;
  /** A warning: an event for machines, a line for people. */
  warn(message: string): void;
  /** The result: an object for machines, text for people. */
  result(result: Readonly<Record<string, unknown>>, text: string): void;
}

export function createOutput(json: boolean): Output {
  const note = (line: string) => void process.stderr.write(`${line}\n`);
  const event = (each: Readonly<Record<string, unknown>>) => {
    if (json) process.stdout.write(`${JSON.stringify(each)}\n`);
  };
  return {
    json,
    note,
    event,
    warn(message) {
      event({ type: 'warning', message });
      if (!json) note(`warning: ${message}`);
    },
    result: (result, text) =>
      void process.stdout.write(json ? `${JSON.stringify({ type: 'result', ...result })}\n` : `${text}\n`),
  };
}

/** Prints an error as one sentence with its hint, or as an object under --json. */
export function reportError(error: unknown, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const details = isAttuneError(error)
      ? { code: error.code, file: error.file, field: error.field, hint: error.hint }
      : {};
    process.stdout.write(`${JSON.stringify({ type: 'error', message, ...details })}\n`);
    return;
  }
  const code = isAttuneError(error) ? ` (${error.code})` : '';
  process.stderr.write(`${pico.red('error')} ${message}${code}\n`);
  if (isAttuneError(error) && error.hint) process.stderr.write(`${pico.yellow('hint')} ${error.hint}\n`);
}

/** Rows of text in columns. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
