/** How options are called: `learningRate` in config files and in the code, `--learning-rate` on the command line. */
import { AttuneError } from '@attune/ir';
import { aliases, shortNames } from './aliases.js';

const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The flag of a name as it is written. */
export const wholeFlagOf = (name: string): string => `--${kebabCase(name)}`;

/** The flag of an option, by its short name if it has one. */
export const flagOf = (name: string): string => wholeFlagOf(shortNames[name] ?? name);

/** The words of a command line with Python's spelling of its flags, `--num_train_epochs`, as flags are spelled here. */
export function withKnownFlags(
  words: readonly string[],
  options: Readonly<Record<string, unknown>>,
): readonly string[] {
  const known = new Set([...Object.keys(options), ...Object.keys(aliases)].map(wholeFlagOf));
  return words.map((word) => {
    const [flag = '', ...value] = word.split('=');
    const dashed = flag.replaceAll('_', '-');
    return flag.startsWith('--') && known.has(dashed) ? [dashed, ...value].join('=') : word;
  });
}

/**
 * The error as the user of a command reads it: an option that was given as a flag is called by its flag, and hints show
 * flags.
 * @param flags names of the options that were given as flags
 */
export function inCommandSpelling(error: AttuneError, command: string, flags: readonly string[]): AttuneError {
  const { field, fields, hint, file } = error;
  const isFlag = field !== undefined && flags.some((flag) => flag === field || aliases[flag] === field);
  const message = isFlag
    ? error.message.replace(new RegExp(`(^|[:;] )${field}(?=[ :])`), (_, before: string) => before + flagOf(field))
    : error.message;
  return new AttuneError(error.code, message, {
    ...(field === undefined ? {} : { field, fields }),
    ...(file === undefined ? {} : { file }),
    ...(hint === undefined ? {} : { hint: commandHint(hint, command) }),
    cause: error,
  });
}

function commandHint(hint: string, command: string): string {
  const flags = hint.replace(/\b(quote|[a-z]+(?:[A-Z][a-z]+)+): '([^']*)'/g, (_, name: string, value: string) => {
    return `${flagOf(name)} ${value}`;
  });
  return command === 'train' ? flags : flags.replace(' with --resume', '');
}
