import { jsonFault } from '@attune/hub/internal';

/** An object, or why a line is none. */
export type JsonLine =
  | { readonly value: Readonly<Record<string, unknown>>; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string };

/**
 * Parses a line as a JSON object. Integers beyond 2^53 become BigInt, so that no two of them are one; `NaN`, `Infinity`
 * and `-Infinity`, which Python's json writes though JSON has no such numbers, become those numbers.
 */
export function parseJsonLine(text: string): JsonLine {
  const { value, marked } = parse(text);
  if (value instanceof Error) return { problem: `is not a JSON object: ${value.message}` };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'is not a JSON object' };
  // After parsing, which says whether the text is JSON at all.
  const fault = jsonFault(marked, { maxDepth: 1000 });
  return fault ? { problem: fault.problem } : { value: { ...value } };
}

/** The value, or an error, and the text with marks for the numbers that JSON.parse lacks. */
function parse(text: string): { readonly value: unknown; readonly marked: string } {
  try {
    return longInteger.test(text) ? parseMarked(text) : { value: JSON.parse(text), marked: text };
  } catch (cause) {
    const fault = { value: cause, marked: text };
    if (!nonFinite.test(text)) return fault;
    try {
      return parseMarked(text);
    } catch {
      return fault;
    }
  }
}

const longInteger = /\d{16}/;
const nonFinite = /NaN|Infinity/;
/** Strings, so that nothing is found within them; integers alone, not those of fractions. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|NaN|-?Infinity/g;
const MARK = '\u0000number';

function parseMarked(text: string): { readonly value: unknown; readonly marked: string } {
  const marked = text.replace(tokens, (token) => {
    if (token.startsWith('"') || !isLacking(token)) return token;
    return JSON.stringify({ [MARK]: token });
  });
  const value: unknown = JSON.parse(marked, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !(MARK in value)) return value;
    const literal = value[MARK];
    if (typeof literal !== 'string' || !isLacking(literal)) return value;
    return /^-?\d/.test(literal) ? BigInt(literal) : Number(literal);
  });
  return { value, marked };
}

const isLacking = (token: string): boolean =>
  /^(?:NaN|-?Infinity)$/.test(token) || (/^-?(?:0|[1-9]\d*)$/.test(token) && !Number.isSafeInteger(Number(token)));
