/** Regular expressions that come with options and files, as PEFT matches them on the paths of layers. */
import { AttuneError } from '@attune/ir';
import { type MatchBudget, PatternProblem, pythonPattern } from '../python-pattern/pattern.js';

/** What the options of an adapter may be regular expressions in, by their names in PEFT's files. */
export interface PatternFields {
  readonly target_modules?: string | readonly string[] | null | undefined;
  readonly exclude_modules?: string | readonly string[] | null | undefined;
  readonly layers_pattern?: string | readonly string[] | null | undefined;
  readonly rank_pattern?: Readonly<Record<string, number>> | null | undefined;
  readonly alpha_pattern?: Readonly<Record<string, number>> | null | undefined;
}

export type PathTest = (path: string) => boolean;

/** Steps that the patterns of one adapter may take over all layers: below a second. */
const MAX_STEPS = 10_000_000;

export const patternBudget = (): MatchBudget => ({ left: MAX_STEPS });

/** Characters of all patterns of an adapter together. */
const MAX_CHARACTERS = 100_000;

/** Keys of `rank_pattern` or `alpha_pattern`, far beyond the layers of the largest models. */
const MAX_KEYS = 20_000;

export interface PatternFault {
  readonly field: keyof PatternFields;
  readonly problem: string;
  /** True for a pattern that Python would take. */
  readonly isUnsupported: boolean;
}

/** The first pattern that is malformed, or that needs backtracking. */
export function patternFault(fields: PatternFields): PatternFault | undefined {
  const { target_modules: targets, exclude_modules: excluded, layers_pattern: layers } = fields;
  const patterns: readonly (readonly [keyof PatternFields, readonly string[]])[] = [
    ['target_modules', typeof targets === 'string' ? [targets] : []],
    ['exclude_modules', typeof excluded === 'string' ? [excluded] : []],
    ['layers_pattern', [layers ?? []].flat().map(behindLayers)],
    [
      'rank_pattern',
      Object.keys(fields.rank_pattern ?? {})
        .filter(isExpression)
        .map(atEnd),
    ],
    [
      'alpha_pattern',
      Object.keys(fields.alpha_pattern ?? {})
        .filter(isExpression)
        .map(atEnd),
    ],
  ];
  for (const field of ['rank_pattern', 'alpha_pattern'] as const) {
    const count = Object.keys(fields[field] ?? {}).length;
    if (count > MAX_KEYS) return { field, problem: `has ${count} keys, the limit is ${MAX_KEYS}`, isUnsupported: true };
  }
  let characters = 0;
  for (const [field, own] of patterns) {
    for (const pattern of own) {
      characters += pattern.length;
      const problem = characters > MAX_CHARACTERS ? tooMany : problemOf(pattern);
      if (problem) {
        return {
          field,
          problem: `the pattern "${shown(pattern)}" ${problem.message}`,
          isUnsupported: problem.isUnsupported,
        };
      }
    }
  }
  return undefined;
}

const tooMany = new PatternProblem(`and those before it have more than ${MAX_CHARACTERS} characters`, true);

const shown = (pattern: string): string => (pattern.length > 100 ? `${pattern.slice(0, 100)}…` : pattern);

function problemOf(pattern: string): PatternProblem | undefined {
  try {
    pythonPattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof PatternProblem) return error;
    throw error;
  }
}

/** Whether the pattern describes the whole path. */
export function wholePath(pattern: string, budget: MatchBudget): PathTest {
  const compiled = pythonPattern(pattern);
  return (path) => within(pattern, () => compiled.fullMatch(path, budget)) !== undefined;
}

/** Whether a key of `rank_pattern` or `alpha_pattern` describes the end of the path, from a dot or the start on. */
export function pathEnd(key: string, budget: MatchBudget): PathTest {
  if (!isExpression(key)) return (path) => endsLike(path, key);
  const compiled = pythonPattern(atEnd(key));
  return (path) => within(key, () => compiled.match(path, budget)) !== undefined;
}

/** The first number behind one of the names of `layers_pattern`. */
export function layerNumber(names: readonly string[], budget: MatchBudget): (path: string) => number | undefined {
  const patterns = names.map((name) => ({ name, compiled: pythonPattern(behindLayers(name)) }));
  return (path) => {
    for (const { name, compiled } of patterns) {
      const groups = within(name, () => compiled.match(path, budget));
      if (groups) return groups.idx === undefined ? undefined : Number(groups.idx);
    }
    return undefined;
  };
}

/** As PEFT puts a key of `rank_pattern` into an expression. */
const atEnd = (key: string): string => `(.*\\.)?(${key})$`;

/** As PEFT puts a name of `layers_pattern` into an expression. */
const behindLayers = (name: string): string => `(?:^|.*?\\.)${name}\\.(?P<idx>\\d+)\\.`;

/** Keys that are plain names with dots need no matcher. */
const isExpression = (key: string): boolean => !/^[\w.]+$/.test(key);

/** A dot stands for any character, as in an expression. */
function endsLike(path: string, key: string): boolean {
  const start = path.length - key.length;
  if (start < 0 || (start > 0 && path[start - 1] !== '.')) return false;
  for (let index = 0; index < key.length; index++) {
    if (key[index] !== '.' && key[index] !== path[start + index]) return false;
  }
  return true;
}

/** @throws AttuneError `E_CONFIG` if the steps are used up */
function within<T>(pattern: string, match: () => T): T {
  try {
    return match();
  } catch (error) {
    if (!(error instanceof PatternProblem)) throw error;
    throw new AttuneError('E_CONFIG', `The pattern "${shown(pattern)}" ${error.message}.`, {
      hint: 'Name the layers in a list, or write fewer repetitions.',
    });
  }
}
