/** `--set PATH=VALUE`: any setting by its name, a part of one (`optimArgs.momentum`), or a strategy's option (`lora.r`). */
import { consolidationOptionNames, setFitOptionNames } from '@attune/compare';
import { learningWithoutForgettingOptionNames, nearest } from '@attune/core/internal';
import { adapterMethods, plainStrategies } from '@attune/strategies';
import { aliases } from './aliases.js';
import { clipped } from './option-problem.js';
import { fromFlag, type OptionTable } from './options.js';

type Options = Readonly<Record<string, unknown>>;

/** What paths set. */
export interface SetSettings {
  /** Settings of the command, and under `set` the options of strategies by the strategies' names. */
  readonly fields: Options;
  /** Sentences about what cannot be set, with the path. */
  readonly problems: readonly { readonly field: string; readonly text: string }[];
}

/** @param words `PATH=VALUE` each */
export function settingsByPath(words: readonly string[], table: OptionTable): SetSettings {
  const fields = new Map<string, unknown>();
  const strategies = new Map<string, Options>();
  const problems: { field: string; text: string }[] = [];
  const seen = new Set<string>();
  for (const word of words) {
    const [path = '', ...rest] = word.split('=');
    const text = rest.join('=');
    const problem = seen.has(path) ? 'is set twice' : rest.length === 0 ? 'needs =VALUE behind it' : undefined;
    seen.add(path);
    if (problem !== undefined) {
      problems.push({ field: path, text: `--set ${clipped(path)} ${problem}` });
      continue;
    }
    const [first = '', ...parts] = path.split('.');
    const option = optionOf(first, table);
    const spec = option === undefined ? undefined : table[option];
    const part = parts.join('.');
    if (option !== undefined && spec && part === '') fields.set(option, fromFlag(text, spec));
    else if (option !== undefined && spec?.kind === 'record' && part !== '') {
      fields.set(option, { ...Object(fields.get(option)), [part]: plainOrJson(text) });
    } else if (strategyOptions.has(first) && part !== '') {
      strategies.set(first, { ...strategies.get(first), [part]: plainOrJson(text) });
    } else problems.push({ field: path, text: `--set ${clipped(path)} is no setting${suggestionFor(path, table)}` });
  }
  const set = strategies.size > 0 ? { set: Object.fromEntries(strategies) } : {};
  return { fields: { ...Object.fromEntries(fields), ...set }, problems };
}

/** The names of all strategies' options. */
export const strategyOptions: ReadonlyMap<string, readonly string[]> = new Map([
  ...[...plainStrategies, ...adapterMethods].map(({ name, optionNames }) => [name, optionNames] as const),
  ['ewc', consolidationOptionNames] as const,
  ['lwf', learningWithoutForgettingOptionNames] as const,
  ['setfit', setFitOptionNames] as const,
]);

/** The option that a name stands for, written as in the code or as a flag. */
function optionOf(name: string, table: OptionTable): string | undefined {
  const camelCase = name.replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const option = Object.hasOwn(table, camelCase) ? camelCase : Object.hasOwn(aliases, camelCase) && aliases[camelCase];
  return option && Object.hasOwn(table, option) && table[option]?.kind !== 'paths' ? option : undefined;
}

/** JSON, or the text itself. */
function plainOrJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function suggestionFor(path: string, table: OptionTable): string {
  const options = [...strategyOptions].flatMap(([name, own]) => own.map((each) => `${name}.${each}`));
  const suggestion = nearest(path, [...Object.keys(table), ...Object.keys(aliases), ...options]);
  return suggestion === undefined ? '' : `, did you mean ${suggestion}?`;
}
