/** Data that show what a pretrained model knew, as several commands take them. */
import { type TextDataset, textFile } from '@attune/data';
import { AttuneError } from '@attune/ir';
import { openPlainTexts, type TableSettings, tableOptions } from '@attune/tasks';
import { z } from 'zod';
import { text } from '../common-options.js';

/** @param purpose what the data serve for */
export const generalOptions = (purpose: string) =>
  ({
    general: text(z.string().optional(), `texts in general, or data of an earlier task: ${purpose}`),
    generalLabels: text(z.string().optional(), 'column of the labels of an earlier task'),
  }) as const;

interface GeneralSettings extends TableSettings {
  readonly textColumn: string;
  readonly general?: string | undefined;
  readonly generalLabels?: string | undefined;
}

/** @throws AttuneError `E_CONFIG` for a column of labels of no file */
export function generalData(settings: GeneralSettings): TextDataset | undefined {
  const { general, generalLabels: label, textColumn } = settings;
  if (general !== undefined) {
    if (label === undefined) return openPlainTexts(general, settings);
    return textFile(general, { text: textColumn, label }, tableOptions(settings));
  }
  if (label === undefined) return undefined;
  const hint = 'Name the file too: --general FILE.';
  throw new AttuneError('E_CONFIG', 'generalLabels names a column of no file.', { field: 'generalLabels', hint });
}
