/** How the labels of texts become numbers, by what a classifier learns. */
import { AttuneError } from '@attune/ir';
import type { LabelMap } from './label-map.js';
import { labelWarnings } from './label-warnings.js';
import { LabelFault, type LabelledRows, labelRows } from './labelled-rows.js';
import type { RowDataset } from './row-dataset.js';
import { splitLabels } from './split-labels.js';
import type { TextExample } from './text-example.js';
import { classLabel, type LabelField, type LabelFields } from './tokenized.js';

export interface TextLabels {
  readonly fields: readonly LabelField[];
  /** @throws AttuneError `E_DATA_LABELS` for an example without a label */
  labelsOf(example: TextExample, file: string): LabelFields | LabelFault;
  /** What the labels of a file look like that were meant as something else. */
  warnings?(file: string, items: readonly { readonly example: TextExample }[]): readonly string[];
}

/** One class each. */
export const classLabels = (labels: LabelMap): TextLabels => ({
  fields: [classLabel],
  labelsOf(example, file) {
    const id = labels.id(requireLabel(example, file));
    return id instanceof LabelFault ? id : { labels: id };
  },
  warnings: (file, items) =>
    labelWarnings(
      file,
      items.map(({ example }) => example.label ?? ''),
    ),
});

/** Any number of classes each: an example's `labels`, or its label separated by `separator`, a comma by default. */
export const severalLabels = (labels: LabelMap, separator = ','): TextLabels => ({
  fields: [{ name: 'labels', dtype: 'f32', per: labels.names.length, filler: Number.NaN }],
  labelsOf(example, file) {
    const ids = labels.ids(example.labels ?? splitLabels(requireLabel(example, file), separator));
    if (ids instanceof LabelFault) return ids;
    return { labels: labels.names.map((_, id) => (ids.includes(id) ? 1 : 0)) };
  },
});

/** Nothing to learn: texts that are only predicted on. */
export const noLabels: TextLabels = { fields: [], labelsOf: () => ({}) };

/** @throws AttuneError `E_DATA_LABELS` that lists the rows whose labels cannot be used, unless they are skipped */
export const labelTexts = (
  texts: RowDataset<TextExample>,
  labels: TextLabels,
): Promise<LabelledRows<TextExample, LabelFields>> =>
  labelRows(texts, (example) => labels.labelsOf(example, texts.name));

/** @throws AttuneError `E_DATA_LABELS` */
export function requireLabel({ label, row }: TextExample, file: string): string {
  if (label !== undefined) return label;
  throw new AttuneError('E_DATA_LABELS', `${file}:${row} has no label.`, { file, hint: 'Name the label column.' });
}
