/** What is wrong with an option, in words for its user in place of the schema's. */
import { nearest } from '@attune/core/internal';
import type { z } from 'zod';
import { valueElsewhere } from './aliases.js';
import type { OptionSpec } from './options.js';

const kinds: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  record: 'a list of name=value, or JSON,',
};

export interface GivenOption {
  readonly option: string;
  /** How the option is called where it was given. */
  readonly name: string;
  readonly value: unknown;
  readonly kind: OptionSpec['kind'] | undefined;
}

export function optionProblem(issue: z.core.$ZodIssue, given: GivenOption): string {
  const { option, name, value, kind } = given;
  if (value === undefined) return `${name} is needed`;
  const found = `${name} is ${shown(value)}`;
  if (issue.code === 'custom' && kind === 'record') return `${found}; ${kinds.record} is needed`;
  switch (issue.code) {
    case 'invalid_type':
      return `${found}; ${kinds[issue.expected] ?? issue.expected} is needed`;
    case 'invalid_value': {
      const values = issue.values.map(String);
      const known = typeof value === 'string' ? valueElsewhere(option, value) : undefined;
      if (known !== undefined) return `${found}; it is called ${known} here`;
      const near = typeof value === 'string' ? nearest(value, values) : undefined;
      return `${found}; it takes ${values.join(', ')}${near === undefined ? '' : `, did you mean ${near}?`}`;
    }
    case 'invalid_union': {
      const choices = issue.errors.flat().find(({ code }) => code === 'invalid_value');
      return choices ? optionProblem({ ...choices, path: issue.path }, given) : `${found}; ${issue.message}`;
    }
    case 'too_small':
      if (issue.origin === 'string') return `${name} is empty`;
      return `${found}; it must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return `${found}; it must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    default:
      return `${found}; ${issue.message}`;
  }
}

const shown = (value: unknown): string => (typeof value === 'number' ? String(value) : clipped(JSON.stringify(value)));

/** A text of others as a message shows it. */
export const clipped = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
