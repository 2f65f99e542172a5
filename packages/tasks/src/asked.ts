/** What a model is asked, and where each question comes from. */
import { type RowDataset, type RowProblem, type TextExample, textLines } from '@attune/data';
import { AttuneError } from '@attune/ir';
import type { TaskSettings } from './settings.js';

export interface Asked<Input> {
  readonly input: Input;
  /** Line of the file or of standard input; undefined for what the command line gives. */
  readonly row?: number;
}

export interface Questions<Input> {
  readonly asked: readonly Asked<Input>[];
  /** Rows that were left out. */
  readonly skipped: readonly RowProblem[];
}

/**
 * The text of `--text`, the lines of standard input, or what a file holds.
 * @param open reads the file of `--data`
 * @throws AttuneError `E_CONFIG` unless one of them is given
 */
export async function textsAsked<Input>(
  { text, data, piped }: Pick<TaskSettings, 'data' | 'piped'> & { readonly text?: string | undefined },
  open: (file: string) => RowDataset<TextExample>,
  inputOf: (example: TextExample) => Input,
): Promise<Questions<Input | string>> {
  if ([text, data, piped].filter((each) => each !== undefined).length !== 1) {
    throw new AttuneError('E_CONFIG', 'predict needs either --text or --data.', {
      field: 'text',
      hint: 'Give --text TEXT, --data FILE, or a text a line on standard input (--data -).',
    });
  }
  if (text !== undefined) return { asked: [{ input: requireText(text, 'text') }], skipped: [] };
  const source = piped ? textLines(piped) : open(data ?? '');
  const examples = await source.toArray();
  return {
    asked: examples.map((example) => ({ input: inputOf(example), row: example.row })),
    skipped: await source.skipped(),
  };
}

/** @throws AttuneError `E_CONFIG` for a blank text */
export function requireText(text: string, field: string): string {
  if (text.trim() !== '') return text;
  throw new AttuneError('E_CONFIG', `--${field} is empty.`, { field, hint: `Give --${field} a text.` });
}
