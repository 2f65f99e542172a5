/** Options of the command from a table of another package: their schema says how a value is given. */
import { z } from 'zod';
import type { OptionSpec } from './options.js';

interface Entry {
  readonly schema: z.core.$ZodType;
}

/** How a value is given, by the type that its schema describes. */
const kinds: Readonly<Record<string, OptionSpec['kind']>> = {
  number: 'number',
  integer: 'number',
  boolean: 'flag',
  array: 'list',
  object: 'record',
};

export type TableOptions<Table extends Readonly<Record<string, Entry>>> = {
  readonly [Name in keyof Table]: OptionSpec<Table[Name]['schema']>;
};

/** @param describe the description of an option, and what else help shows of it */
export function optionsOfTable<Table extends Readonly<Record<string, Entry>>>(
  table: Table,
  describe: (name: string) => Pick<OptionSpec, 'description' | 'group'>,
): TableOptions<Table>;
export function optionsOfTable(
  table: Readonly<Record<string, Entry>>,
  describe: (name: string) => Pick<OptionSpec, 'description' | 'group'>,
): Readonly<Record<string, OptionSpec>> {
  return Object.fromEntries(
    Object.entries(table).map(([name, { schema }]) => [name, { schema, kind: kindOf(schema), ...describe(name) }]),
  );
}

function kindOf(schema: z.core.$ZodType): OptionSpec['kind'] {
  const { type, anyOf } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  if (type === undefined && anyOf === undefined) return 'record';
  return kinds[String(type)] ?? 'text';
}
