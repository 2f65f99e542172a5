/** What a task reads of the settings of a command, beside its own options. */
import { type ByteSource, plainTexts, type TableOptions, type TextDataset } from '@attune/data';

/** How tables are read. */
export interface TableSettings {
  readonly delimiter?: string | undefined;
  readonly quote?: string | undefined;
  readonly noHeader: boolean;
  readonly onBadRow: 'error' | 'skip';
}

export interface TaskSettings extends TableSettings {
  /** Column of the texts. */
  readonly textColumn: string;
  /** A file of what a model is asked. */
  readonly data?: string | undefined;
  /** Standard input, in place of `data`. */
  readonly piped?: ByteSource | undefined;
}

/** How a table is read, as the settings have it. */
export const tableOptions = ({ delimiter, quote, noHeader, onBadRow }: TableSettings): TableOptions => ({
  onBadRow,
  header: !noHeader,
  ...(delimiter === undefined ? {} : { delimiter }),
  ...(quote === undefined ? {} : { quote }),
});

/** Texts without labels: the lines of a file, or a column of a table. */
export const openPlainTexts = (file: string, settings: TableSettings & Pick<TaskSettings, 'textColumn'>): TextDataset =>
  plainTexts(file, { text: settings.textColumn }, tableOptions(settings));
