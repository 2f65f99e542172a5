/** The options of the commands: one table gives the flags, the fields of a config file, and their validation. */
import { parseOptions } from '@attune/core';
import { AttuneError } from '@attune/ir';
import type { Command } from 'commander';
import { z } from 'zod';

interface OptionSpec<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly kind: 'text' | 'number' | 'flag' | 'list';
  readonly description: string;
  readonly required?: boolean;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type Shape<Table extends OptionTable> = { [Name in keyof Table]: Table[Name]['schema'] };
export type Settings<Table extends OptionTable> = z.output<z.ZodObject<Shape<Table>, z.core.$strict>>;

export const text = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'text', description }) as const;
export const number = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'number', description }) as const;
export const flag = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'flag', description }) as const;
export const list = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'list', description }) as const;

const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Adds a flag for every option of the table. */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const [name, { kind, description }] of Object.entries(table)) {
    const flagName = `--${kebabCase(name)}`;
    if (kind === 'flag') command.option(flagName, description);
    else if (kind === 'list') command.option(`${flagName} <values>`, `${description} (separated by commas)`);
    else command.option(`${flagName} <${kind === 'number' ? 'number' : 'value'}>`, description);
  }
  return command;
}

/**
 * Flags over the fields of a config file, validated together.
 * @throws AttuneError `E_CONFIG` that lists every problem, with the nearest name for an unknown field
 */
export function readSettings<Table extends OptionTable>(
  table: Table,
  flags: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
  what: string,
): Settings<Table> {
  const shape = Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, schema])) as Shape<Table>;
  const given = Object.fromEntries(
    Object.entries(flags).flatMap(([name, value]) => {
      const spec = table[name];
      return spec && value !== undefined ? [[name, fromFlag(name, value, spec)]] : [];
    }),
  );
  return parseOptions(z.strictObject(shape), { ...config, ...given }, what);
}

function fromFlag(name: string, value: unknown, { kind }: OptionSpec): unknown {
  if (typeof value !== 'string') return value;
  if (kind === 'list') return value.split(',').map((part) => part.trim());
  if (kind !== 'number') return value;
  const parsed = value.trim() === '' ? Number.NaN : Number(value);
  if (!Number.isNaN(parsed)) return parsed;
  throw new AttuneError('E_CONFIG', `--${kebabCase(name)} is "${value}"; a number is needed.`, { field: name });
}
