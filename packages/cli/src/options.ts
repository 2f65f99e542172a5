/** The options of the commands: one table gives the flags, the fields of a config file, and their validation. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { aliases } from './aliases.js';
import { describeOption, groupOf, inGroups } from './help.js';
import { flagOf, wholeFlagOf } from './spelling.js';

export interface OptionSpec<Schema extends z.core.$ZodType = z.core.$ZodType> {
  readonly schema: Schema;
  readonly kind: 'text' | 'number' | 'flag' | 'list' | 'record' | 'paths' | 'argument';
  readonly description: string;
  /** The group that help shows it in, in place of the one that the table of groups names. */
  readonly group?: string;
  /** A config file has something else under this name. */
  readonly isFlagOnly?: boolean;
  /** The values of the command's argument that it is for; all by default. */
  readonly onlyFor?: readonly string[];
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
/** Named values. */
export const record = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'record', description }) as const;
/** Settings by their paths, as flags only: the option may be given several times. */
export const paths = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'paths', description, isFlagOnly: true }) as const;
/** Given by its place on the command line, not by a flag. */
export const argument = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  ({ schema, kind: 'argument', description }) as const;

/** The same options, which are for some values of the command's argument alone. */
export function onlyFor<Table extends OptionTable>(values: readonly string[], table: Table): Table;
export function onlyFor(values: readonly string[], table: OptionTable): OptionTable {
  return Object.fromEntries(Object.entries(table).map(([name, spec]) => [name, { ...spec, onlyFor: values }]));
}

function shapeOf<Table extends OptionTable>(table: Table): Shape<Table>;
function shapeOf(table: OptionTable): Record<string, z.core.$ZodType> {
  return Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, schema]));
}

/** The schema of a command's settings. */
export const schemaOf = <Table extends OptionTable>(table: Table) => z.strictObject(shapeOf(table));

export type Settings<Table extends OptionTable> = z.output<ReturnType<typeof schemaOf<Table>>>;

/** How the help calls the value of an option. */
const placeholders: Readonly<Record<Exclude<OptionSpec['kind'], 'flag' | 'argument'>, string>> = {
  text: ' <value>',
  number: ' <number>',
  list: ' <a,b,…>',
  record: ' <name=value,…>',
  paths: ' <path=value>',
};

/**
 * Adds a flag for every option of the table, and hidden ones for its aliases. What is wrong with them is found later, all
 * at once.
 */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const [name, spec] of inGroups(table)) {
    const { kind, description } = spec;
    if (kind === 'argument') {
      command.argument(`[${name}]`, description);
      continue;
    }
    const value = kind === 'flag' ? '' : placeholders[kind];
    const isChosenFlag = kind === 'flag' && isChosen(spec);
    const option = new Option(flagOf(name) + (isChosenFlag ? ' [true|false]' : value), describeOption(spec)).helpGroup(
      groupOf(name, spec),
    );
    // --no-header is an option of that name, not the end of one that is called header.
    option.negate = false;
    if (takesSeveral(spec)) option.argParser(collected);
    command.addOption(option);
    if (isChosenFlag) command.addOption(new Option(flagOf(`no-${name}`)).hideHelp());
    const others = Object.entries(aliases).flatMap(([alias, option]) => (option === name ? [alias] : []));
    for (const other of [name, ...others].filter((each) => each === name || !Object.hasOwn(table, each))) {
      if (wholeFlagOf(other) === flagOf(name)) continue;
      const hidden = new Option(wholeFlagOf(other) + value).hideHelp();
      command.addOption(takesSeveral(spec) ? hidden.argParser(collected) : hidden);
    }
  }
  return command.allowUnknownOption().allowExcessArguments();
}

/** Whether the option has no fixed default, so that a flag must be able to say no. */
const isChosen = ({ schema }: OptionSpec): boolean => z.safeParse(schema, undefined).data === undefined;

/** Whether an option may be given several times, with a value each. */
function takesSeveral({ kind, schema }: OptionSpec): boolean {
  const byDefault = z.safeParse(schema, undefined).data;
  // A default is among the choices if there are some.
  const value = typeof byDefault === 'string' ? byDefault : 'a';
  return kind === 'paths' || z.safeParse(schema, [value, value]).success;
}

/** A value, or all values of a flag that stands there several times. */
const collected = (value: string, before: string | readonly string[] | undefined): string | readonly string[] =>
  before === undefined ? value : [before, value].flat();

/** What a flag's text stands for; a text that is no number stays one, which validation refuses. */
export function fromFlag(value: unknown, spec: OptionSpec): unknown {
  const { kind } = spec;
  if (Array.isArray(value) && kind === 'list') return value.flatMap((each: unknown) => fromFlag(each, spec));
  if (typeof value !== 'string') return value;
  if (kind === 'flag') return plainValue(value.toLowerCase());
  if (kind === 'list') return value.split(',').map((part) => part.trim());
  if (kind === 'record') return recordOf(value);
  if (kind !== 'number' || value.trim() === '') return value;
  const parsed = Number(value);
  return Number.isNaN(parsed) ? value : parsed;
}

/** Named values as JSON or as `name=value,…`; a text that is neither stays one. */
function recordOf(text: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some(({ length }) => length !== 2)) return text;
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name.trim(), plainValue(value.trim())]));
}

/** A number, true or false where the text is one. */
function plainValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return text === '' || Number.isNaN(Number(text)) ? text : Number(text);
}
