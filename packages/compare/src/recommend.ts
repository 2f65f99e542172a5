/** Which method to take. */

import type { Forgetting } from './forgetting.js';
import { ascending } from './plan.js';
import type { Result } from './result.js';
import type { Shots } from './sample.js';

export interface Recommendation {
  readonly method: string;
  readonly reason: string;
}

/** A method's results at one size, over the seeds. */
export interface Summary {
  readonly method: string;
  readonly shots: Shots;
  readonly seeds: number;
  /** Means. */
  readonly accuracy: number;
  readonly macroF1: number;
  readonly calibrationError: number;
  readonly calibrationErrorWithTemperature: number;
  readonly seconds: number;
  readonly memoryBytes: number | undefined;
  readonly forgetting: Forgetting | undefined;
  /** The standard deviation of the accuracy; 0 for one seed. */
  readonly spread: number;
  readonly trainableParameters: number;
  readonly storedBytes: number;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** One for each method and size, in the order of the results. */
export function summaries(results: readonly Result[]): readonly Summary[] {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const key = `${result.method} ${result.shots}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].map((group) => {
    const [{ method, shots, trainableParameters, storedBytes }] = [group[0]!];
    const accuracies = group.map(({ accuracy }) => accuracy);
    const accuracy = meanOf(accuracies);
    const squares = accuracies.reduce((sum, value) => sum + (value - accuracy) ** 2, 0);
    const [first] = group.flatMap(({ forgetting }) => forgetting ?? []);
    const after = meanOf(group.flatMap(({ forgetting }) => forgetting?.after ?? []));
    const memory = group.flatMap(({ memoryBytes }) => memoryBytes ?? []);
    return {
      method,
      shots,
      seeds: group.length,
      accuracy,
      macroF1: meanOf(group.map(({ macroF1 }) => macroF1)),
      calibrationError: meanOf(group.map(({ calibrationError }) => calibrationError)),
      calibrationErrorWithTemperature: meanOf(group.map((each) => each.calibrationErrorWithTemperature)),
      seconds: meanOf(group.map(({ seconds }) => seconds)),
      memoryBytes: memory.length === 0 ? undefined : Math.max(...memory),
      forgetting: first && { ...first, after },
      spread: group.length < 2 ? 0 : Math.sqrt(squares / (group.length - 1)),
      trainableParameters,
      storedBytes,
    };
  });
}

/** Accuracies that differ by no more are called equal: a tenth of a point. */
const EQUAL = 0.001;

/**
 * The most accurate method on the largest sample that every compared method has results for; of equals the fastest to train.
 * Undefined without results.
 */
export function recommend(results: readonly Result[]): Recommendation | undefined {
  const all = summaries(results);
  const sizes = ascending(all.map(({ shots }) => shots)).toReversed();
  const names = new Set(all.map(({ method }) => method));
  const size = sizes.find((shots) => all.filter((each) => each.shots === shots).length === names.size) ?? sizes[0];
  const candidates = all.filter(({ shots }) => shots === size);
  const top = Math.max(...candidates.map(({ accuracy }) => accuracy));
  const equals = candidates.filter(({ accuracy }) => top - accuracy <= EQUAL);
  const [best] = equals.toSorted((one, other) => one.seconds - other.seconds);
  if (!best) return undefined;
  return { method: best.method, reason: reasonFor(best, candidates, equals) };
}

function reasonFor(best: Summary, candidates: readonly Summary[], equals: readonly Summary[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const data = best.shots === 'all' ? 'all training data' : `${best.shots} examples per class`;
  const seeds = best.seeds > 1 ? `, the mean of ${best.seeds} seeds` : '';
  const found = `${percent(best.accuracy)} of the test data right with ${data}${seeds}`;
  if (equals.length > 1) return `${found}; as good as ${listOf(equals, best)}, and trained faster`;
  const [second] = candidates.filter((each) => each !== best).toSorted((one, other) => other.accuracy - one.accuracy);
  return second ? `${found}; next comes ${second.method} with ${percent(second.accuracy)}` : found;
}

const listOf = (summaries: readonly Summary[], but: Summary): string =>
  summaries.flatMap((each) => (each === but ? [] : [each.method])).join(' and ');
