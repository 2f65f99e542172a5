/**
 * Records of delimited text, a block of the file at a time. Lines without a quote are split; csv-parse reads the others,
 * in runs, as it takes a tenth of a millisecond to start. A record depends on nothing before it, so that runs may begin
 * with any record, and a run that ends within a value begins again with more text.
 */
import { CsvError, parse } from 'csv-parse/browser/esm/sync';

export interface DelimitedRecord {
  readonly fields: readonly string[];
  /** Line of the file that the record begins on, from 1. */
  readonly line: number;
  /** Why the fields cannot be used. */
  readonly problem?: string;
}

export interface DelimitedFormat {
  readonly delimiter: string;
  /** Stands around values that hold delimiters, quotes (which are doubled) or line ends; undefined for none. */
  readonly quote: string | undefined;
}

export interface TakenRecords {
  readonly records: readonly DelimitedRecord[];
  /** Units of the text that the records came from; from there a quoted value goes on beyond the text. */
  readonly used: number;
  /** Line at which the rest of the text begins. */
  readonly line: number;
}

/** A run goes on over lines without a quote while they are no longer than this. */
const GAP = 1 << 10;
const LONGEST_RUN = 1 << 16;

/** The whole records at the beginning of a text, which begins with one. @param line number of the first line, from 1 */
export function takeRecords(text: string, line: number, format: DelimitedFormat): TakenRecords {
  const records: DelimitedRecord[] = [];
  const { delimiter, quote } = format;
  let [at, run] = [0, 0];
  while (at < text.length) {
    const quoteAt = quote === undefined ? -1 : text.indexOf(quote, at);
    const plain = quoteAt < 0 ? text.slice(at) : text.slice(at, lineStart(text, at, quoteAt));
    for (const each of linesOf(plain)) {
      if (each !== '') records.push({ fields: each.split(delimiter), line });
      line++;
    }
    at += plain.length;
    if (quoteAt < 0) break;
    const end = run === 0 ? lineEnd(text, at) : runEnd(text, at, Math.min(run, LONGEST_RUN), quote ?? '');
    const quoted = quotedRecords(text, at, end, line, format);
    if (quoted.used === 0) return { records, used: at, line };
    records.push(...quoted.records);
    [at, run, line] = [at + quoted.used, 2 * quoted.used, quoted.line];
  }
  return { records, used: at, line };
}

/**
 * Gives up a quote that is never closed, or closed in the middle of another line: the line that opens it is a bad
 * record, and the next one begins a record.
 */
export function unclosedRecord(text: string, line: number): TakenRecords {
  const problem = 'opens a quote that is never closed, or closed in the middle of a value on another line';
  return { records: [{ fields: [], line, problem }], used: lineEnd(text, 0), line: line + 1 };
}

/** Records of a run, or, while no quote closes in it, of one twice as long; none used if the text ends before. */
function quotedRecords(text: string, at: number, end: number, line: number, format: DelimitedFormat): TakenRecords {
  const records: DelimitedRecord[] = [];
  const bytes = new TextEncoder().encode(text.slice(at, end));
  let [used, next] = [0, line];
  const outcome = parseBytes(bytes, format, (fields, endByte) => {
    const record = bytes.subarray(used, endByte);
    if (isSpanning(fields, format) && parseBytes(record, { ...format, strict: true }) !== 'whole') return false;
    records.push({ fields, line: next + breaksIn(record, blankEnd(record)) });
    next += breaksIn(record, record.length);
    used = endByte;
    return true;
  });
  if (records.length > 0) {
    const units = used === bytes.length ? end - at : new TextDecoder().decode(bytes.subarray(0, used)).length;
    return { records, used: units, line: next };
  }
  if (outcome === 'stopped') return unclosedRecord(text.slice(at, end), line);
  if (end === text.length) return { records, used: 0, line };
  return quotedRecords(text, at, lineEnd(text, Math.min(text.length, 2 * end - at)), line, format);
}

/** csv-parse keeps the quotes of a value that goes on behind its closing quote; across lines that is a mistake. */
const isSpanning = (fields: readonly string[], { quote = '' }: DelimitedFormat): boolean =>
  fields.some((field) => field.startsWith(quote) && /[\r\n]/.test(field));

class Stop extends Error {}

/** @param visit gets each record and the byte that it ends before; false ends the parsing */
function parseBytes(
  bytes: Uint8Array,
  { delimiter, quote, strict = false }: DelimitedFormat & { readonly strict?: boolean },
  visit?: (fields: readonly string[], endByte: number) => boolean,
): 'whole' | 'unclosed' | 'stopped' {
  try {
    parse(bytes, {
      delimiter,
      quote: quote ?? null,
      relax_quotes: !strict,
      relax_column_count: true,
      skip_empty_lines: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      on_record(fields: string[], { bytes: endByte }) {
        if (visit && !visit(fields, endByte)) throw new Stop();
        return null;
      },
    });
    return 'whole';
  } catch (cause) {
    if (cause instanceof Stop) return 'stopped';
    if (cause instanceof CsvError) return 'unclosed';
    throw cause;
  }
}

/** Where a run ends: behind lines with quotes, and what lies between them if it is short. */
function runEnd(text: string, at: number, length: number, quote: string): number {
  let end = lineEnd(text, at);
  while (end - at < length && end < text.length) {
    const quoteAt = text.slice(end, end + GAP).indexOf(quote);
    if (quoteAt < 0) break;
    end = lineEnd(text, end + quoteAt);
  }
  return end;
}

/** Where the line of a place begins, no earlier than at `from`. */
function lineStart(text: string, from: number, place: number): number {
  const line = text.slice(from, place);
  const feed = line.lastIndexOf('\n') + 1;
  return from + feed + line.slice(feed).lastIndexOf('\r') + 1;
}

/** Where the line of a place ends, behind its line end. */
function lineEnd(text: string, place: number): number {
  const feed = text.indexOf('\n', place) + 1 || text.length;
  const carriage = text.slice(place, feed).indexOf('\r') + 1;
  if (carriage === 0) return feed;
  const end = place + carriage;
  return text[end] === '\n' ? end + 1 : end;
}

/** The lines of a text without their ends; what follows the last end is a line if there is anything. */
function linesOf(text: string): readonly string[] {
  const lines = text.split(text.includes('\r') ? /\r\n|\n|\r/ : '\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Where the blank lines at the beginning end. */
function blankEnd(bytes: Uint8Array): number {
  let end = 0;
  while (bytes[end] === 10 || bytes[end] === 13) end++;
  return end;
}

/** How many lines end before a place. */
function breaksIn(bytes: Uint8Array, end: number): number {
  let breaks = 0;
  for (let index = 0; index < end; index++) {
    const isPair = bytes[index] === 13 && bytes[index + 1] === 10;
    if (!isPair && (bytes[index] === 10 || bytes[index] === 13)) breaks++;
  }
  return breaks;
}
