/** What a resumed run is compared by, under the names of options. */
import { AttuneError } from '@attune/ir';
import type { TrainedTask } from '@attune/tasks';
import { trainedTasks } from '@attune/tasks/internal';
import { aliases } from './aliases.js';
import { flagOf } from './spelling.js';

/** Fields of a run that several options, or one of another name, decide over. */
const fieldsOfOptions: Readonly<Record<string, string>> = {
  train: 'data',
  eval: 'evaluation',
  strategyOptions: 'strategy',
  set: 'strategy',
  loraR: 'strategy',
  loraAlpha: 'strategy',
  loraDropout: 'strategy',
  targetModules: 'strategy',
  ...Object.fromEntries(
    Object.values(trainedTasks).flatMap(({ options }: TrainedTask) =>
      Object.entries(options).flatMap(([name, { runField }]) => (runField ? [[name, runField]] : [])),
    ),
  ),
  dropout: 'architecture',
  quantize: 'architecture',
};

/** The field of a run that the user of `--allow-change` means: a flag with or without its dashes, or a name in the code. */
export function runFieldOf(name: string): string {
  const camelCase = name.replace(/^--/, '').replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const option = Object.hasOwn(aliases, camelCase) ? (aliases[camelCase] ?? camelCase) : camelCase;
  return Object.hasOwn(fieldsOfOptions, option) ? (fieldsOfOptions[option] ?? option) : option;
}

/** The error of a resumed run with flags in place of the code's names. */
export function withFlagsOfFields(error: AttuneError, options: Readonly<Record<string, unknown>>): AttuneError {
  const { fields = [], file, hint } = error;
  const flags = new Map(
    fields.flatMap((field) => {
      return Object.hasOwn(options, field) ? [[field, flagOf(field)]] : [];
    }),
  );
  let { message } = error;
  for (const [field, flag] of flags) message = message.replace(new RegExp(`([:;] )${field}: `), `$1${flag}: `);
  const allowed = fields.map((field) => flags.get(field)?.replace(/^--/, '') ?? field).join(',');
  return new AttuneError(error.code, message, {
    fields,
    ...(file === undefined ? {} : { file }),
    ...(hint === undefined ? {} : { hint: hint.replace(/--allow-change [^)]*/, `--allow-change ${allowed}`) }),
    cause: error,
  });
}
