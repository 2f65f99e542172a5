import type { RowDataset } from '@attune/data';
import { AttuneError } from '@attune/ir';
import type { TaskSettings } from './task-settings.js';

/**
 * The text of `--text`, or what a file holds.
 * @param open reads the file of `--data`
 * @throws AttuneError `E_CONFIG` unless one of the two is given
 */
export async function textOrData<Example, Input>(
  { text, data }: TaskSettings,
  open: (file: string) => RowDataset<Example>,
  inputOf: (example: Example) => Input,
): Promise<readonly (Input | string)[]> {
  if ((text === undefined) === (data === undefined)) {
    throw new AttuneError('E_CONFIG', 'predict needs either --text or --data.', { field: 'text' });
  }
  if (text !== undefined) return [requireText(text, 'text')];
  return (await open(data ?? '').toArray()).map(inputOf);
}

/** @throws AttuneError `E_CONFIG` for a blank text */
export function requireText(text: string, field: string): string {
  if (text.trim() !== '') return text;
  throw new AttuneError('E_CONFIG', `--${field} is empty.`, { field, hint: `Give --${field} a text.` });
}
