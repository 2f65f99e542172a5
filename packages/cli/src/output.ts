/** What the command prints: results on standard output, everything for people on standard error. */
import { jsonLine } from '@attune/hub/node';
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
  result(result: Readonly<Record<string, unknown>>, text: string | readonly StyledText[]): void;
}

/** A part of a text, and how a terminal shows it. */
export interface StyledText {
  readonly text: string;
  readonly style?: ((text: string) => string) | undefined;
}

const styled = (text: string | readonly StyledText[]): string =>
  typeof text === 'string'
    ? printable(text)
    : text.map(({ text: part, style = (plain) => plain }) => style(printable(part))).join('');

/** Control characters but for the ends of lines and tabs: a terminal would obey them, and they may come from a file. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A text as a terminal may show it. */
export const printable = (text: string): string => text.replace(controls, escaped);

/** JSON in one line. Beyond what JSON escapes by itself, the controls above ASCII are escaped too. */
const printedLine = (value: Readonly<Record<string, unknown>>): string => `${printable(jsonLine(value))}\n`;

export function createOutput(json: boolean): Output {
  const note = (line: string) => void process.stderr.write(`${printable(line)}\n`);
  const event = (each: Readonly<Record<string, unknown>>) => {
    if (json) process.stdout.write(printedLine(each));
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
      void process.stdout.write(json ? printedLine({ type: 'result', ...result }) : `${styled(text)}\n`),
  };
}

/** Prints an error as one sentence with its hint, or as an object under --json. */
export function reportError(error: unknown, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const details = isAttuneError(error)
      ? { code: error.code, file: error.file, field: error.field, hint: error.hint }
      : {};
    process.stdout.write(printedLine({ type: 'error', message, ...details }));
    return;
  }
  const code = isAttuneError(error) ? ` (${error.code})` : '';
  process.stderr.write(`${pico.red('error')} ${printable(message)}${code}\n`);
  if (isAttuneError(error) && error.hint) process.stderr.write(`${pico.yellow('hint')} ${printable(error.hint)}\n`);
}

/** Rows of text in columns. */
export function formatTable(table: readonly (readonly string[])[]): string {
  const rows = table.map((row) => row.map((cell) => printable(cell).replace(/[\n\t]/g, escaped)));
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
