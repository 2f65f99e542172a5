/**
 * Regular expressions of tokenizer.json. Those of well-known models take linear time; any other one may backtrack for
 * ever, and its tokenizer runs where it can be stopped.
 */
import { AttuneError } from '@attune/ir';
import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { type Budget, budgetError } from './budget.js';
import { isRecord } from './definition.js';
import { knownPatterns } from './known-patterns.js';

/** Longer ones are refused: translating them takes more than linear time. */
const longestPattern = 10_000;

export interface Pattern {
  /** Global, with the flag `u` or `v`. */
  readonly expression: RegExp;
  /** Where it stands in tokenizer.json, such as `pre_tokenizer.pretokenizers[1].pattern`. */
  readonly field: string;
  /** Safe to run on any text: a literal or a well-known expression. */
  readonly inline: boolean;
}

/** Starts and ends of the matches in a text, in turn. */
export type Matches = ArrayLike<number>;

/** @throws AttuneError `E_TOKENIZER_BUDGET` */
export function matchesOf({ expression, field }: Pattern, text: string, budget: Budget): Matches {
  budget.enter(field);
  const found: number[] = [];
  try {
    for (const match of text.matchAll(expression)) {
      found.push(match.index, match.index + match[0].length);
      budget.tick(field);
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw budgetError(budget.file, field, 'needs too much memory', 'Use shorter texts.', cause);
  }
  return found;
}

/** A pattern that is part of Attune. */
export const builtInPattern = (expression: RegExp, field: string): Pattern => ({ expression, field, inline: true });

/** `{ String: ... }` or `{ Regex: ... }`. @throws AttuneError `E_TOKENIZER` for another thing or an invalid expression */
export function compilePattern(pattern: unknown, field: string, file: string): Pattern {
  if (isRecord(pattern) && typeof pattern.String === 'string') return literalPattern(pattern.String, field);
  if (!isRecord(pattern) || typeof pattern.Regex !== 'string') {
    throw new AttuneError('E_TOKENIZER', `${file}: ${field} is neither a String nor a Regex.`, { file, field });
  }
  const source = pattern.Regex;
  if (source.length > longestPattern) {
    const fault = `has ${source.length} characters, at most ${longestPattern} are allowed`;
    throw new AttuneError('E_TOKENIZER', `${file}: ${field} ${fault}.`, { file, field });
  }
  return { expression: compileExpression(source, field, file), field, inline: knownPatterns.has(source) };
}

export const literalPattern = (text: string, field: string): Pattern =>
  builtInPattern(new RegExp(escapeExpression(text), 'gu'), field);

/** A regular expression in the syntax of tokenizer.json (Oniguruma) as one of JavaScript. */
export function compileExpression(source: string, field: string, file: string): RegExp {
  try {
    const { pattern } = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: source },
      behavior: 'Isolated',
      invert: false,
    });
    if (pattern) return pattern;
  } catch (cause) {
    throw new AttuneError('E_TOKENIZER', `${file}: ${field} is no regular expression: ${source}`, {
      file,
      field,
      cause,
    });
  }
  throw new AttuneError('E_TOKENIZER', `${file}: ${field} is no regular expression: ${source}`, { file, field });
}

const escapeExpression = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
