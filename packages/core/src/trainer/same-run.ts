/** Compares the run that a checkpoint belongs to with the one that is asked for now. */
import { canonicalJson } from '@attune/hub/internal';
import { AttuneError } from '@attune/ir';
import { nearest } from '../nearest.js';
import { evaluationsDecide } from './evaluations-decide.js';
import { argumentsOfRole } from './training-arguments.js';

type Run = Readonly<Record<string, unknown>>;

export interface SameRunOptions {
  /** Names of fields that may differ. */
  readonly allowed: readonly string[];
  /** Whether the length may differ: where a finished run goes on for longer, and as long as that is not known. */
  readonly mayGoOn: boolean;
}

/**
 * @param before what the checkpoint's manifest says
 * @param now as `argumentsIdentity` and `modelIdentity`, with the fingerprints of the data
 * @throws AttuneError `E_RESUME_MISMATCH` that lists every difference, also as `fields`; `E_CONFIG` where `allowed` names
 * no field
 */
export function checkSameRun(before: Run, now: Run, { allowed, mayGoOn }: SameRunOptions): void {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  for (const name of allowed) if (!names.includes(name)) throw unknownField(name, names);
  const ignored = new Set([
    ...allowed,
    ...(mayGoOn ? argumentsOfRole('length') : []),
    ...(evaluationsDecide(before) || evaluationsDecide(now) ? [] : evaluationFields()),
  ]);
  const differences = names
    .filter((name) => !ignored.has(name))
    .filter((name) => canonicalJson(before[name]) !== canonicalJson(now[name]));
  if (differences.length === 0) return;
  const list = differences.map((name) => {
    const [then, today] = withoutEqual(before[name], now[name]);
    return `${name}: ${JSON.stringify(then)} before, ${JSON.stringify(today)} now`;
  });
  throw new AttuneError('E_RESUME_MISMATCH', `The checkpoint belongs to another run: ${list.join('; ')}.`, {
    fields: differences,
    hint: hintFor(differences),
  });
}

/** What counts only where evaluations decide: arguments, the evaluation data, and what is measured. */
const evaluationFields = (): readonly string[] => [...argumentsOfRole('evaluation'), 'evaluation', 'evaluator'];

function hintFor(differences: readonly string[]): string {
  const allow = `allow the change (--allow-change ${differences.join(',')})`;
  if (differences.every((name) => argumentsOfRole('length').includes(name))) {
    return `Finish the run with its own length first, which may then be raised; start a new run; or ${allow}.`;
  }
  return `Use the earlier settings, start a new run, or ${allow}.`;
}

/** Two values; of two objects only the fields that differ. */
function withoutEqual(before: unknown, now: unknown): readonly [unknown, unknown] {
  if (!isRecord(before) || !isRecord(now)) return [before, now];
  const kept: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (canonicalJson(before[name]) === canonicalJson(now[name])) continue;
    const [then, today] = withoutEqual(before[name], now[name]);
    kept[0][name] = then;
    kept[1][name] = today;
  }
  return kept;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function unknownField(name: string, names: readonly string[]): AttuneError {
  const suggestion = nearest(name, names);
  return new AttuneError(
    'E_CONFIG',
    `allowChange: "${name}" is nothing that a run is compared by${suggestion ? `, did you mean ${suggestion}?` : ''}.`,
    { field: 'allowChange', hint: `It takes ${names.join(', ')}.` },
  );
}
