import { appendFileSync } from 'node:fs';

/**
 * A listener that appends what it is given to a file, as JSON in a line each: what a kill leaves is whole lines.
 * @param path made if it does not exist; its directory must
 */
export function jsonLinesFile(path: string): (value: object) => void {
  return (value) => appendFileSync(path, `${JSON.stringify(value)}\n`);
}
