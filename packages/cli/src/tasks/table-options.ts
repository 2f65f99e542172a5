import type { TableOptions } from '@attune/data';
import type { TaskSettings } from './task-settings.js';

export type TableSettings = Pick<TaskSettings, 'delimiter' | 'quote' | 'noHeader' | 'onBadRow'>;

/** How a table is read, as the settings have it. */
export const tableOptions = ({ delimiter, quote, noHeader, onBadRow }: TableSettings): TableOptions => ({
  onBadRow,
  header: !noHeader,
  ...(delimiter === undefined ? {} : { delimiter }),
  ...(quote === undefined ? {} : { quote }),
});
