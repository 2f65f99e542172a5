/** Flags over the fields of a config file, validated together. */
import { nearest } from '@attune/core/internal';
import { AttuneError } from '@attune/ir';
import { z } from 'zod';
import { type AliasClash, aliases, knownElsewhere, withoutAliases } from './aliases.js';
import type { ConfigFile } from './config-file.js';
import { clipped, optionProblem } from './option-problem.js';
import { fromFlag, type OptionTable, type Settings, schemaOf } from './options.js';
import { settingsByPath } from './set-paths.js';
import { flagOf, wholeFlagOf } from './spelling.js';

/** What a command was given. */
export interface Given {
  readonly flags: Readonly<Record<string, unknown>>;
  /** Words of the command line that are no option or argument of the command. */
  readonly unknown: readonly string[];
  /** The last word, where it is a flag that lacks its value. */
  readonly valueless?: string | undefined;
  readonly config: ConfigFile;
}

/** Problems that are told one by one. */
const MAX_SHOWN = 20;

interface Problem {
  readonly field: string;
  /** One sentence; made only for problems that are shown. */
  readonly text: () => string;
  readonly unknown?: boolean;
  readonly file?: string | undefined;
}

/**
 * The settings of a command. A config file serves all commands: it may hold options of others, which are checked too.
 * @param all the options of all commands
 * @throws AttuneError `E_CONFIG` that lists every problem, with the nearest name for an unknown option
 */
export function readSettings<Table extends OptionTable>(
  table: Table,
  all: OptionTable,
  { flags, unknown, valueless, config }: Given,
  command: string,
): Settings<Table> {
  const { fields: named, clashes } = withoutAliases(flags, table);
  const { fields: values, clashes: clashesInFile, givenName } = withoutAliases(config.values, table, all);
  const nameInFile = (option: string) => inFile(config, givenName(option));
  const set = settingsByPath([named.set ?? []].flat().map(String), table);
  const given: Readonly<Record<string, unknown>> = {
    ...Object.fromEntries(
      Object.entries(named).flatMap(([name, value]) => {
        const spec = table[name];
        return spec && spec.kind !== 'paths' && value !== undefined ? [[name, fromFlag(value, spec)]] : [];
      }),
    ),
    ...set.fields,
  };
  const setTwice = Object.keys(set.fields).filter((name) => name !== 'set' && Object.hasOwn(named, name));
  const fields = Object.entries(values);
  const isOwn = (name: string) => Object.hasOwn(table, name) && !table[name]?.isFlagOnly;
  const own = { ...Object.fromEntries(fields.filter(([name]) => isOwn(name))), ...given };
  const result = schemaOf(table).safeParse(own);
  const isOther = ({ path: [field] }: z.core.$ZodIssue) => valueless !== flagOf(String(field));
  const problems: Problem[] = [
    ...unknown.map((word) => unknownWord(word, table)),
    ...misplaced(given, table, command),
    ...set.problems.map(({ field, text }) => ({ field, text: () => text })),
    ...setTwice.map((field) => ({ field, text: () => `--set ${field} is ${flagOf(field)}; give it once` })),
    ...clashes.map((clash) => clashProblem(clash, wholeFlagOf)),
    ...clashesInFile.map((clash) => ({ ...clashProblem(clash, (name) => inFile(config, name)), file: config.file })),
    ...(valueless === undefined
      ? []
      : [{ field: fieldOf(valueless, table), text: () => `${valueless} needs a value` }]),
    ...(result.error?.issues ?? []).filter(isOther).map((issue): Problem => {
      const field = String(issue.path[0]);
      const isFile = !Object.hasOwn(given, field) && Object.hasOwn(own, field);
      const isArgument = table[field]?.kind === 'argument';
      const name = () => (isFile ? nameInFile(field) : isArgument ? field.toUpperCase() : flagOf(field));
      return {
        field,
        text: () => optionProblem(issue, { option: field, name: name(), value: own[field], kind: table[field]?.kind }),
        file: isFile ? config.file : undefined,
      };
    }),
    ...fields
      .filter(([name]) => !isOwn(name))
      .flatMap(([name, value]) => foreignProblems(name, value, all, { ...config, name: nameInFile(name) })),
  ];
  if (result.success && problems.length === 0) return result.data;
  const [first] = problems;
  const more = problems.length > MAX_SHOWN ? [`and ${problems.length - MAX_SHOWN} more`] : [];
  const sentences = [...problems.slice(0, MAX_SHOWN).map(({ text }) => text()), ...more];
  throw new AttuneError('E_CONFIG', `${sentences.join('; ')}.`.replace(/\?\.$/, '?'), {
    ...(first ? { field: first.field } : {}),
    ...(first?.file === undefined ? {} : { file: first.file }),
    ...(problems.some((each) => each.unknown) ? { hint: `attune ${command} --help lists the options.` } : {}),
  });
}

/** Flags that are for another value of the command's argument. */
function misplaced(given: Readonly<Record<string, unknown>>, table: OptionTable, command: string): readonly Problem[] {
  const argument = Object.keys(table).find((name) => table[name]?.kind === 'argument');
  const chosen = argument === undefined ? undefined : given[argument];
  if (typeof chosen !== 'string') return [];
  return Object.keys(given).flatMap((field): Problem[] => {
    const { onlyFor } = table[field] ?? {};
    if (!onlyFor || onlyFor.includes(chosen)) return [];
    const text = () => `${flagOf(field)} is for attune ${command} ${onlyFor.join(', ')}, not for ${clipped(chosen)}`;
    return [{ field, text }];
  });
}

/** An option of the config file that is not the command's own. */
function foreignProblems(
  option: string,
  value: unknown,
  all: OptionTable,
  { file, name }: { readonly file: string | undefined; readonly name: string },
): readonly Problem[] {
  const spec = Object.hasOwn(all, option) ? all[option] : undefined;
  if (!spec || spec.isFlagOnly) {
    const text = () => `${name} is no option${suggestionFor(option, all, (known) => known)}`;
    return [{ field: option, text, unknown: true, file }];
  }
  const issues = z.safeParse(spec.schema, value).error?.issues ?? [];
  return issues.map((issue) => ({
    field: option,
    text: () => optionProblem(issue, { option, name, value, kind: spec.kind }),
    file,
  }));
}

/** How a message calls a field of the config file: with its line and column where they are known. */
const inFile = ({ file = '', placeOf = () => file }: ConfigFile, field: string): string =>
  `${placeOf(field)}: ${clipped(field)}`;

const fieldOf = (flag: string, table: OptionTable): string =>
  Object.keys(table).find((name) => flagOf(name) === flag) ?? flag;

function unknownWord(word: string, table: OptionTable): Problem {
  if (!word.startsWith('-')) return { field: word, text: () => `"${word}" belongs to no option` };
  const [flag = word] = word.split('=');
  const text = () => `${clipped(flag)} is no option${suggestionFor(flag, table, flagOf, wholeFlagOf)}`;
  return { field: flag, text, unknown: true };
}

/**
 * What may have been meant by a name that is no option.
 * @param spell how options are called where the name was given
 * @param write how any of their names is written there
 */
function suggestionFor(
  name: string,
  table: OptionTable,
  spell: (option: string) => string,
  write: (name: string) => string = spell,
): string {
  const known = knownElsewhere(camelCase(name), table);
  if (known !== undefined) return `; it is called ${spell(known)} here (${table[known]?.description})`;
  const taken = Object.entries(aliases).flatMap(([alias, option]) => (Object.hasOwn(table, option) ? [alias] : []));
  const suggestion = nearest(name, [...Object.keys(table), ...taken, 'config'].map(write));
  return suggestion === undefined ? '' : `, did you mean ${suggestion}?`;
}

/** `--num-epochs` or `-num_epochs` as `numEpochs`. */
const camelCase = (flag: string): string =>
  flag.replace(/^-+/, '').replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase());

const clashProblem = ({ one, other, option }: AliasClash, spell: (option: string) => string): Problem => ({
  field: option,
  text: () => `${spell(one)} is ${spell(other)}; give it once`,
});
