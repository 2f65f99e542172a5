/** Regular expressions that come with options and files: checked before they run on layer paths. */

/** What is wrong with a pattern: it does not parse, or it could backtrack without end. */
export function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
  } catch (error) {
    return `"${pattern}" is no regular expression (${error instanceof Error ? error.message : error})`;
  }
  const repeatsRepetition = /\((?:[^()\\]|\\.)*[*+}](?:[^()\\]|\\.)*\)[*+{]/.test(pattern);
  return repeatsRepetition ? `"${pattern}" repeats a repetition, which can take for ever` : undefined;
}

/** Whether the pattern describes the whole path. */
export const matchesWhole = (pattern: string, path: string): boolean => new RegExp(`^(?:${pattern})$`).test(path);
