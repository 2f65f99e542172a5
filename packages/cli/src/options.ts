/** The options of the commands: one table gives the flags, the fields of a config file, and their validation. */
import type { Command } from 'commander';
import { z } from 'zod';
import { flagOf } from './spelling.js';

export interface OptionSpec<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly kind: 'text' | 'number' | 'flag' | 'list' | 'argument';
  readonly description: string;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type Shape<Table extends OptionTable> = { [Name in keyof Table]: Table[Name]['schema'] };

export const text = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'text', description }) as const;
export const number = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'number', description }) as const;
export const flag = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'flag', description }) as const;
export const list = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'list', description }) as const;
/** Given by its place on the command line, not by a flag. */
export const argument = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'argument', description }) as const;

function shapeOf<Table extends OptionTable>(table: Table): Shape<Table>;
function shapeOf(table: OptionTable): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, schema]));
}

/** The schema of a command's settings. */
export const schemaOf = <Table extends OptionTable>(table: Table) => z.strictObject(shapeOf(table));

export type Settings<Table extends OptionTable> = z.output<ReturnType<typeof schemaOf<Table>>>;

/** Adds a flag for every option of the table. What is wrong with them is found later, all at once. */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const [name, { kind, description }] of Object.entries(table)) {
    const flag = flagOf(name);
    if (kind === 'argument') command.argument(`[${name}]`, description);
    else if (kind === 'flag') command.option(flag, description);
    else if (kind === 'list') command.option(`${flag} <values>`, `${description} (separated by commas)`);
    else command.option(`${flag} <${kind === 'number' ? 'number' : 'value'}>`, description);
  }
  return command.allowUnknownOption().allowExcessArguments();
}

/** What a flag's text stands for; a text that is no number stays one, which validation refuses. */
export function fromFlag(value: unknown, { kind }: OptionSpec): unknown {
  if (typeof value !== 'string') return value;
  if (kind === 'list') return value.split(',').map((part) => part.trim());
  if (kind !== 'number' || value.trim() === '') return value;
  const parsed = Number(value);
  return Number.isNaN(parsed) ? value : parsed;
}
