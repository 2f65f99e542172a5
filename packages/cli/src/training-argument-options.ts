/** The training arguments of @attune/core as options of the command. */
import { argumentDescriptions, trainingArguments } from '@attune/core';
import { optionsOfTable } from './table-options.js';

const descriptions: Readonly<Record<string, string>> = argumentDescriptions;

export const trainingArgumentOptions = optionsOfTable(trainingArguments, (name) => ({
  description: descriptions[name] ?? '',
}));
