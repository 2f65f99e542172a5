/** How options are called: `learningRate` in config files and in the code, `--learning-rate` on the command line. */
import { AttuneError } from '@attune/ir';

const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const flagOf = (name: string): string => `--${kebabCase(name)}`;

/**
 * The error as the user of a command reads it: an option that was given as a flag is called by its flag, and hints show
 * flags.
 * @param flags names of the options that were given as flags
 */
export function inCommandSpelling(error: AttuneError, command: string, flags: readonly string[]): AttuneError {
  const { field, hint, file } = error;
  const message =
    field !== undefined && flags.includes(field)
      ? error.message.replace(new RegExp(`(^|[:;] )${field}(?= )`), (_, before: string) => before + flagOf(field))
      : error.message;
  return new AttuneError(error.code, message, {
    ...(field === undefined ? {} : { field }),
    ...(file === undefined ? {} : { file }),
    ...(hint === undefined ? {} : { hint: commandHint(hint, command) }),
    cause: error,
  });
}

function commandHint(hint: string, command: string): string {
  const flags = hint.replace(/\b([a-z]+(?:[A-Z][a-z]+)+): '([^']*)'/g, (_, name: string, value: string) => {
    return `${flagOf(name)} ${value}`;
  });
  return command === 'train' ? flags : flags.replace(' with --resume', '');
}
