/** How numbers become labels: as many for each text as the model gives. Loaded only for a regression. */
import { AttuneError } from '@attune/ir';
import { LabelFault } from './labelled-rows.js';
import { splitNumbers } from './number-columns.js';
import type { RowDataset } from './row-dataset.js';
import type { TextExample } from './text-example.js';
import { requireLabel, type TextLabels } from './text-labels.js';

/** Texts that may have a column for each number. */
type NumberedTexts = RowDataset<TextExample> & { numberNames(): Promise<readonly string[] | undefined> };

/**
 * Rows that fill up a batch hold NaN, which the regression objective leaves out.
 * @param names of the numbers that the model gives; as many as most of the texts have by default
 * @throws AttuneError `E_DATA_LABELS` for names that are not the model's
 */
export async function numberLabels(texts: NumberedTexts, names?: readonly string[]): Promise<TextLabels> {
  const own = await texts.numberNames();
  const wanted = names ?? own ?? numberedNames(await texts.toArray());
  const places = placesOfNumbers(wanted, own, texts.name);
  return {
    fields: [{ name: 'labels', dtype: 'f32', per: wanted.length, filler: Number.NaN }],
    labelsOf(example, file) {
      const numbers = numberLabelsOf(numbersOf(example) ?? [requireLabel(example, file)], wanted, places);
      return numbers instanceof LabelFault ? numbers : { labels: numbers };
    },
  };
}

/** What an example has for numbers: those that it was read with, or its label's. */
function numbersOf({ numbers, labels, label }: TextExample): readonly (number | string)[] | undefined {
  return numbers ?? labels ?? (label === undefined ? undefined : splitNumbers(label));
}

/** Names for as many numbers as most of the examples have, as transformers' models call them. */
export function numberedNames(examples: readonly TextExample[]): readonly string[] {
  const counts = new Map<number, number>();
  for (const example of examples) {
    const count = numbersOf(example)?.length ?? 0;
    counts.set(count, (counts.get(count) ?? 0) + 1);
  }
  const [[most] = [1]] = [...counts].sort(([, one], [, other]) => other - one);
  return Array.from({ length: Math.max(most, 1) }, (_, index) => `LABEL_${index}`);
}

/**
 * For each number of a model its place among those of the data: by the names, if both have them, else by the order.
 * @param own the names of the data's numbers; undefined if they have none
 * @throws AttuneError `E_DATA_LABELS` for names that are not the model's
 */
function placesOfNumbers(
  names: readonly string[],
  own: readonly string[] | undefined,
  file: string,
): readonly number[] {
  const inOrder = [...names.keys()];
  if (!own || names.every((name, index) => name === `LABEL_${index}`)) return inOrder;
  const places = names.map((name) => own.indexOf(name));
  if (own.length === names.length && !places.includes(-1)) return places;
  throw new AttuneError('E_DATA_LABELS', `${file} has the numbers ${someOf(own)}; the model gives ${someOf(names)}.`, {
    file,
    field: 'labels',
    hint: `Say which is which: --labels ${names.join(',')}, in the order of the columns.`,
  });
}

/**
 * The numbers that a model gives, or why a row has others.
 * @param names of the model's numbers
 * @param places of them among those of the row
 */
function numberLabelsOf(
  values: readonly (number | string)[],
  names: readonly string[],
  places: readonly number[],
): readonly number[] | LabelFault {
  if (values.length !== names.length) return wrongCount(values, names);
  const numbers: number[] = [];
  for (const [index, name] of names.entries()) {
    const value = values[places[index] ?? index] ?? '';
    const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
    // As the model reads it.
    if (!Number.isFinite(Math.fround(number))) return noNumber(value, number, names.length > 1 ? ` for ${name}` : '');
    numbers.push(number);
  }
  return numbers;
}

function wrongCount(values: readonly (number | string)[], names: readonly string[]): LabelFault {
  const found = `${values.length} number${values.length === 1 ? '' : 's'}`;
  const wanted = names.length === 1 ? 'one is wanted' : `${names.length} are wanted: ${someOf(names)}`;
  return new LabelFault(
    values.join('|'),
    `has ${found} where ${wanted}`,
    'The numbers of a text stand in one column between | (or --label-separator), in an array of JSON Lines, or in a column each (--label-column a,b,c).',
  );
}

function noNumber(value: number | string, number: number, where: string): LabelFault {
  const hint = 'Regression needs a number in the label column of every row.';
  const label = String(value);
  if (label === '') return new LabelFault(label, `has no number${where}`, hint);
  const problem = Number.isNaN(number) ? 'which is no number' : 'which is not finite';
  return new LabelFault(label, `has the label "${label}"${where}, ${problem}`, hint);
}

const someOf = (names: readonly string[]): string =>
  `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
