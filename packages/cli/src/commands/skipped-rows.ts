import type { RowProblem } from '@attune/data';
import { counted } from '../figures.js';

/** How many rows were skipped, and the first of them. */
export function skippedRows(skipped: readonly RowProblem[], source = ''): string {
  const named = skipped
    .slice(0, 20)
    .map(({ line, column, problem }) => `${source}:${line}${column === undefined ? '' : `:${column}`} ${problem}`);
  const more = skipped.length > named.length ? `; and ${skipped.length - named.length} more` : '';
  return `${counted(skipped.length, 'row')} of ${source} ${skipped.length === 1 ? 'was' : 'were'} skipped: ${named.join('; ')}${more}`;
}
