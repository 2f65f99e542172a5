/** Data that show what a pretrained model knew, as several commands take them. */
import { type TextDataset, textFile } from '@attune/data';
import { AttuneError } from '@attune/ir';
import { openPlainTexts, type TableSettings, tableOptions } from '@attune/tasks';
import { z } from 'zod';
import { number, text } from '../common-options.js';

/** @param purpose what the data serve for */
export const generalOptions = (purpose: string) =>
  ({
    general: text(z.string().optional(), `texts in general, or data of an earlier task: ${purpose}`),
    generalLabels: text(z.string().optional(), 'column of the labels of an earlier task'),
  }) as const;

export const replayOptions = {
  replay: text(
    z.string().optional(),
    'texts in general, or data of an earlier task, that training goes on with beside the new ones, by the head that the model has for them',
  ),
  replayLabels: text(z.string().optional(), 'column of the labels of the earlier task in the replayed data'),
  replayShare: number(z.number().gt(0).lt(1).optional(), 'share of the replayed data in each step; 0.25 by default'),
} as const;

interface GeneralSettings extends TableSettings {
  readonly textColumn: string;
  readonly general?: string | undefined;
  readonly generalLabels?: string | undefined;
}

/** @throws AttuneError `E_CONFIG` for a column of labels of no file */
export function generalData(settings: GeneralSettings): TextDataset | undefined {
  const { general, generalLabels } = settings;
  if (general === undefined && generalLabels !== undefined) throw noFile('generalLabels', 'general');
  return general === undefined ? undefined : opened(general, generalLabels, settings);
}

interface ReplaySettings extends TableSettings {
  readonly textColumn: string;
  readonly replay?: string | undefined;
  readonly replayLabels?: string | undefined;
  readonly replayShare?: number | undefined;
  readonly autoFindBatchSize: boolean;
}

/** @throws AttuneError `E_CONFIG` for options of no file, and with `autoFindBatchSize` */
export function replayData(settings: ReplaySettings): TextDataset | undefined {
  const { replay, replayLabels, replayShare, autoFindBatchSize } = settings;
  if (replay === undefined) {
    if (replayLabels !== undefined) throw noFile('replayLabels', 'replay');
    if (replayShare !== undefined) throw noFile('replayShare', 'replay');
    return undefined;
  }
  if (!autoFindBatchSize) return opened(replay, replayLabels, settings);
  throw new AttuneError(
    'E_CONFIG',
    'Batches of two tasks are not cut: replay and autoFindBatchSize exclude each other.',
    {
      field: 'autoFindBatchSize',
      hint: 'Name a batch size that fits: --batch-size 8.',
    },
  );
}

const opened = (
  file: string,
  label: string | undefined,
  settings: TableSettings & { readonly textColumn: string },
): TextDataset =>
  label === undefined
    ? openPlainTexts(file, settings)
    : textFile(file, { text: settings.textColumn, label }, tableOptions(settings));

const noFile = (field: string, file: 'general' | 'replay'): AttuneError =>
  new AttuneError('E_CONFIG', `${field} is given for no file.`, { field, hint: `Name the file too: --${file} FILE.` });
