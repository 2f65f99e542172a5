/** How texts are written, as options of the commands that write some. */
import { type GenerationOption, generationOptions } from '@attune/core/internal';
import { type WritingOptions, writingOptions } from '@attune/models';
import type { Settings } from './options.js';
import { optionsOfTable } from './table-options.js';

const { badWordsIds, eosTokenId, outputLogits, ...ofTokens } = generationOptions;
const table = { ...ofTokens, ...writingOptions };
const entries: Readonly<Record<string, GenerationOption>> = table;

/** Those of @attune/core and @attune/models, but for what only code can say. */
export const writingOptionTable = optionsOfTable(table, (name) => ({
  description: entries[name]?.description ?? '',
  group: 'Writing:',
}));

type Table = typeof writingOptionTable;

/** The options of writing among the settings of a command. */
export function writingOf(settings: Partial<Settings<Table>>): WritingOptions;
export function writingOf(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(settings).filter(([name, value]) => name in table && value !== undefined));
}
