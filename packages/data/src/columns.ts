import { nearest } from '@attune/core/internal';
import { AttuneError } from '@attune/ir';

/**
 * Checks that a file has the columns that it is read for.
 * @param wanted names of columns by what they are wanted as; absent ones are not wanted
 * @throws AttuneError `E_DATA_COLUMN` that suggests the nearest name
 */
export function requireColumns(
  { name, columns }: { readonly name: string; readonly columns: readonly string[] },
  wanted: Readonly<Record<string, string | undefined>>,
): void {
  for (const [role, column] of Object.entries(wanted)) {
    if (column === undefined || columns.includes(column)) continue;
    const suggestion = nearest(column, columns);
    const named = columns.filter((each) => each !== '');
    const shown = named.slice(0, 20).map((each) => `"${each.slice(0, 40)}"`);
    if (named.length > shown.length) shown.push(`${named.length - shown.length} more`);
    throw new AttuneError(
      'E_DATA_COLUMN',
      `${name} has no column "${column}" (wanted as ${role}); it has ${shown.join(', ')}.`,
      { file: name, field: column, ...(suggestion ? { hint: `Did you mean "${suggestion}"?` } : {}) },
    );
  }
}
