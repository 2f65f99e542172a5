import { plainTexts, type TextDataset } from '@attune/data';
import type { TaskSettings } from './task-settings.js';

/** Texts without labels: the lines of a file, or a column of a table. */
export const openPlainTexts = (
  file: string,
  { textColumn, delimiter, noHeader, onBadRow }: TaskSettings,
): TextDataset =>
  plainTexts(
    file,
    { text: textColumn },
    { onBadRow, header: !noHeader, ...(delimiter === undefined ? {} : { delimiter }) },
  );
