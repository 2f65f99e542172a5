import { appendFileSync } from 'node:fs';

/** JSON has no numbers that are not finite, and would make `null` of them: they are told as "NaN", "Infinity", "-Infinity". */
const withNonFinite = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

/** A value as JSON in one line, without its end. */
export const jsonLine = (value: object): string => JSON.stringify(value, withNonFinite);

/**
 * A listener that appends what it is given to a file, as JSON in a line each: what a kill leaves is whole lines.
 * @param path made if it does not exist; its directory must
 */
export function jsonLinesFile(path: string): (value: object) => void {
  return (value) => appendFileSync(path, `${jsonLine(value)}\n`);
}
