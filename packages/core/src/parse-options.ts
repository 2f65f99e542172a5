/** Validation of options at the boundary: zod schemas in, one AttuneError with every problem out. */
import { AttuneError } from '@attune/ir';
import type { z } from 'zod';
import { nearest } from './nearest.js';

/**
 * The options with their defaults filled in.
 * @param what whose options they are, for the message (`adamw`)
 * @throws AttuneError `E_CONFIG` that lists all problems: the path, what was expected, and for an unknown name the
 *   nearest valid one. `field` is the first of them.
 */
export function parseOptions<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  options: unknown,
  what: string,
): z.output<z.ZodObject<Shape>> {
  const result = schema.safeParse(options ?? {});
  if (result.success) return result.data;
  const names = Object.keys(schema.shape);
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownName(key, names));
    const path = issue.path.join('.');
    return [{ field: path || what, text: `${path ? `${path}: ` : ''}${issue.message}` }];
  });
  throw new AttuneError(
    'E_CONFIG',
    `The options of ${what} are wrong: ${problems.map(({ text }) => text).join('; ')}.`,
    {
      field: problems[0]!.field,
      hint: `Its options are ${names.join(', ') || 'none'}.`,
    },
  );
}

function unknownName(name: string, names: readonly string[]): { field: string; text: string } {
  const suggestion = nearest(name, names);
  return { field: name, text: `unknown option "${name}"${suggestion ? ` (did you mean "${suggestion}"?)` : ''}` };
}
