/** `--search PATH=a,b,c`: the values of a setting that are tried, by the paths that `--set` has. */
import { AttuneError } from '@attune/ir';
import { type OptionTable, type Settings, schemaOf } from '../options.js';
import { settingsByPath } from '../set-paths.js';
import { type TrainSettings, trainOptions } from './train-settings.js';

export interface Candidate {
  /** What it is tried with, as `--set` has it. */
  readonly words: readonly string[];
  readonly settings: TrainSettings;
}

/** More are no small space. */
const MAX_CANDIDATES = 100;

/**
 * All combinations of the values.
 * @param given `PATH=a,b,c` each
 * @throws AttuneError `E_CONFIG` for paths and values that `--set` would not take, and for more than 100 combinations
 */
export function candidatesOf(given: readonly string[], settings: TrainSettings): readonly Candidate[] {
  const axes = given.map((word) => {
    const [path = '', ...rest] = word.split('=');
    const values = rest.join('=').split(',');
    if (rest.length > 0 && values.every((value) => value.trim() !== '')) {
      return values.map((value) => `${path}=${value.trim()}`);
    }
    throw wrong(`--search ${word} needs values behind it`, 'Write them between commas: --search lora.r=4,8,16.');
  });
  const count = axes.reduce((product, axis) => product * axis.length, 1);
  if (count > MAX_CANDIDATES) {
    throw wrong(`--search has ${count} combinations, and ${MAX_CANDIDATES} at most are tried`, 'Leave values out.');
  }
  const combinations = axes.reduce<readonly (readonly string[])[]>(
    (before, axis) => before.flatMap((words) => axis.map((word) => [...words, word])),
    [[]],
  );
  return combinations.map((words) => ({ words, settings: settingsOf(words, settings) }));
}

function settingsOf(words: readonly string[], settings: TrainSettings): TrainSettings {
  const table: OptionTable = trainOptions;
  const { fields, problems } = settingsByPath(words, table);
  const [problem] = problems;
  if (problem) throw wrong(problem.text.replace('--set', '--search'));
  const { set = {}, ...others } = fields;
  const sets = Object.entries(settings.set).concat(Object.entries(Object(set)));
  const merged: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const [strategy, options] of sets) merged[strategy] = { ...merged[strategy], ...options };
  const parsed = schemaOf(trainOptions).safeParse({ ...settings, ...others, set: merged });
  if (parsed.success) return parsed.data satisfies Settings<typeof trainOptions>;
  const [issue] = parsed.error.issues;
  throw wrong(`--search ${words.join(' ')}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}`);
}

const wrong = (problem: string, hint?: string): AttuneError =>
  new AttuneError('E_CONFIG', `${problem}.`, { field: 'search', ...(hint === undefined ? {} : { hint }) });
