import { plainTexts, type TextDataset } from '@attune/data';
import { type TableSettings, tableOptions } from './table-options.js';
import type { TaskSettings } from './task-settings.js';

/** Texts without labels: the lines of a file, or a column of a table. */
export const openPlainTexts = (file: string, settings: TableSettings & Pick<TaskSettings, 'textColumn'>): TextDataset =>
  plainTexts(file, { text: settings.textColumn }, tableOptions(settings));
