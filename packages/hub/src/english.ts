/**
 * Schemas say in English what is wrong: `zod/mini` brings no words of its own. Zod's words for the checks that Attune
 * has, in a third of the size of its table of all.
 */
import type * as z from 'zod/mini';

/** What `safeParse` takes beside the value, where its messages are shown. */
export const inEnglish = { error: wordsFor } as const;

function wordsFor(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `Invalid input: expected ${issue.expected}, received ${typeName(issue.input)}`;
    case 'invalid_value': {
      const values = issue.values.map((value) => (typeof value === 'string' ? `"${value}"` : String(value)));
      return `Invalid ${values.length === 1 ? 'input: expected' : 'option: expected one of'} ${values.join('|')}`;
    }
    case 'too_big':
      return `Too big: expected ${bound(issue, issue.inclusive ? '<=' : '<', issue.maximum)}`;
    case 'too_small':
      return `Too small: expected ${bound(issue, issue.inclusive ? '>=' : '>', issue.minimum)}`;
    case 'invalid_format':
      return issue.format === 'regex'
        ? `Invalid string: must match pattern ${issue.pattern}`
        : `Invalid ${issue.format}`;
    case 'unrecognized_keys':
      return `Unrecognized key${issue.keys.length > 1 ? 's' : ''}: ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
    default:
      return 'Invalid input';
  }
}

/** What a value is, as messages call it; numbers that are not finite by themselves. */
function typeName(value: unknown): string {
  if (value === null || (typeof value === 'number' && !Number.isFinite(value))) return String(value);
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A bound of a number, or of the length of a text or a list. */
function bound({ origin }: { readonly origin: string }, sign: string, limit: number | bigint): string {
  const unit = { string: 'characters', array: 'items' }[origin];
  return unit === undefined ? `${origin} to be ${sign}${limit}` : `${origin} to have ${sign}${limit} ${unit}`;
}
