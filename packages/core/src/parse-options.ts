/** Validation of options at the boundary: zod schemas in, one AttuneError with every problem out. */
import { inEnglish } from '@attune/hub/internal';
import { AttuneError } from '@attune/ir';
import type * as z from 'zod/mini';
import { nearest } from './nearest.js';

export interface OptionProblem {
  readonly field: string;
  /** What is wrong with the field, after its name. */
  readonly problem: string;
}

/**
 * The options with their defaults filled in.
 * @param what whose options they are, for the message (`adamw`)
 * @param check a rule over several options; returns the problem, if there is one
 * @throws AttuneError `E_CONFIG` that lists all problems: the path, what was expected, and for an unknown name the
 *   nearest valid one. `field` is the first of them.
 */
export function parseOptions<Shape extends z.core.$ZodShape, Config extends z.core.$ZodObjectConfig>(
  schema: z.ZodMiniObject<Shape, Config>,
  options: unknown,
  what: string,
  check: (options: z.output<z.ZodMiniObject<Shape, Config>>) => OptionProblem | undefined = () => undefined,
): z.output<z.ZodMiniObject<Shape, Config>> {
  const names = Object.keys(schema.shape);
  const result = schema.safeParse(options ?? {}, inEnglish);
  const problem = result.success ? check(result.data) : undefined;
  if (result.success && !problem) return result.data;
  const problems = problem ? [problem] : (result.error?.issues ?? []).flatMap((issue) => describe(issue, names, what));
  throw new AttuneError(
    'E_CONFIG',
    `The options of ${what} are wrong: ${problems.map((found) => `${found.field}: ${found.problem}`).join('; ')}.`.replace(
      /\?\.$/,
      '?',
    ),
    { field: problems[0]!.field, hint: `The options of ${what} are ${names.join(', ') || 'none'}.` },
  );
}

function describe(issue: z.core.$ZodIssue, names: readonly string[], what: string): readonly OptionProblem[] {
  if (issue.code !== 'unrecognized_keys') return [{ field: issue.path.join('.') || what, problem: issue.message }];
  return issue.keys.map((key) => {
    const suggestion = nearest(key, names);
    return { field: key, problem: `is no option${suggestion ? `, did you mean ${suggestion}?` : ''}` };
  });
}
