/** The training arguments of @attune/core as options of the command. */
import { type ArgumentName, argumentDescriptions, type TrainingArgument, trainingArguments } from '@attune/core';
import { z } from 'zod';
import type { OptionSpec } from './options.js';

type Table = typeof trainingArguments;

const descriptions: Readonly<Record<string, string>> = argumentDescriptions;

type ArgumentOptions = { readonly [Name in ArgumentName]: OptionSpec<Table[Name]['schema']> };

/** How an argument's value is given, by the type that its schema describes. */
const kinds: Readonly<Record<string, OptionSpec['kind']>> = {
  number: 'number',
  integer: 'number',
  boolean: 'flag',
  array: 'list',
};

export const trainingArgumentOptions = optionsOf(trainingArguments);

function optionsOf(table: Table): ArgumentOptions;
function optionsOf(table: Readonly<Record<string, TrainingArgument>>): Readonly<Record<string, OptionSpec>> {
  return Object.fromEntries(
    Object.entries(table).map(([name, { schema }]) => [
      name,
      { schema, kind: kindOf(schema), description: descriptions[name] ?? '' },
    ]),
  );
}

function kindOf(schema: z.core.$ZodType): OptionSpec['kind'] {
  const { type, anyOf } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  if (type === undefined && anyOf === undefined) return 'record';
  return kinds[String(type)] ?? 'text';
}
