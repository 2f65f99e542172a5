import { requireNoLfsPointer } from '@attune/hub/internal';
import { AttuneError } from '@attune/ir';
import type { ByteSource } from './byte-source.js';
import { MemoryBudget } from './memory-budget.js';

/** Limits that keep a hostile or mistaken file from filling the memory. */
export interface TextLimits {
  /** Longest line in bytes, and about the longest row of a table in UTF-16 units; 1 MiB by default. */
  readonly maxLineBytes?: number;
  /** Largest file in bytes; 500 MB by default. */
  readonly maxFileBytes?: number;
  /** Memory that may be taken by what is kept of the file; six tenths of what Node's heap has left by default. */
  readonly maxMemoryBytes?: number;
}

export const MAX_LINE_BYTES = 1 << 20;

/** Whole lines of a file, a few thousand at once. */
export interface TextBlock {
  readonly text: string;
  /** Number of the first line, from 1. */
  readonly line: number;
}

/**
 * Reads a file as UTF-8, without a byte order mark, in blocks of whole lines: no text is ever as long as the file.
 * @throws AttuneError `E_LFS_POINTER`, `E_DATA` naming `file:line` for bytes that are not UTF-8, `E_DATA_LIMIT` for a line or file
 * beyond the limits: before anything is read if the size is known, else as soon as the limit is passed
 */
export async function* readBlocks(
  source: ByteSource,
  { maxLineBytes = MAX_LINE_BYTES, maxFileBytes = 500e6 }: TextLimits = {},
): AsyncGenerator<TextBlock> {
  const limitFile = (bytes: number) => {
    if (bytes > maxFileBytes) throw beyond(source.name, `is larger than ${maxFileBytes} bytes`, 'Split the file.');
  };
  limitFile((await source.size?.()) ?? 0);
  let [line, begun, begunBytes, fileBytes]: [number, Uint8Array[], number, number] = [1, [], 0, 0];
  const limitLine = (bytes: number, number: number) => {
    if (bytes <= maxLineBytes) return;
    const hint = 'Check that the lines of the file end with a line feed.';
    throw beyond(`${source.name}:${number}`, `is longer than ${maxLineBytes} bytes`, hint, source.name);
  };
  const blockOf = (bytes: Uint8Array): TextBlock => {
    const first = line;
    if (first === 1) requireNoLfsPointer(bytes, source.name);
    for (let start = 0; start < bytes.length; line++) {
      const newline = bytes.indexOf(10, start);
      const end = newline < 0 ? bytes.length : newline + 1;
      limitLine(end - start, line);
      start = end;
    }
    return { text: decode(bytes, source.name, first), line: first };
  };
  for await (const chunk of source.chunks()) {
    fileBytes += chunk.length;
    limitFile(fileBytes);
    const end = chunk.lastIndexOf(10) + 1;
    if (end > 0) {
      const bytes = joined([...begun, chunk.subarray(0, end)]);
      yield blockOf(bytes);
      [begun, begunBytes] = [[], 0];
    }
    if (end < chunk.length) begun.push(chunk.subarray(end));
    begunBytes += chunk.length - end;
    limitLine(begunBytes, line);
  }
  if (begun.length > 0) yield blockOf(joined(begun));
}

/**
 * The lines of a file with their numbers, in batches; without their line feeds, and counted against the memory.
 * @throws AttuneError as `readBlocks`, and `E_DATA_LIMIT` for a file that the memory does not hold
 */
export async function* readLines(
  source: ByteSource,
  limits: TextLimits = {},
): AsyncGenerator<{ readonly line: number; readonly lines: readonly string[] }> {
  const budget = new MemoryBudget(source.name, limits.maxMemoryBytes);
  for await (const { text, line } of readBlocks(source, limits)) {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    budget.spendText(text);
    budget.spendRows(lines.length);
    yield { line, lines };
  }
}

/** All of a file as one text. @throws AttuneError as `readBlocks` */
export async function readText(source: ByteSource, limits?: TextLimits): Promise<string> {
  const parts: string[] = [];
  for await (const { text } of readBlocks(source, limits)) parts.push(text);
  return parts.join('');
}

function beyond(place: string, problem: string, hint: string, file = place): AttuneError {
  return new AttuneError('E_DATA_LIMIT', `${place} ${problem}.`, { file, hint });
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array, file: string, line: number): string {
  try {
    const text = decoder.decode(bytes);
    return line === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text;
  } catch (cause) {
    throw new AttuneError('E_DATA', `${file}:${line + wrongLine(bytes)} is not valid UTF-8.`, {
      file,
      hint: 'Save the file as UTF-8.',
      cause,
    });
  }
}

/** How many lines are valid before the first that is not. */
function wrongLine(bytes: Uint8Array): number {
  for (let [start, line] = [0, 0]; ; line++) {
    const end = bytes.indexOf(10, start) + 1 || bytes.length;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    if (end === bytes.length) return line;
    start = end;
  }
}
