/** What JSON.parse lets pass and other readers of JSON do not. */

export interface JsonFault {
  readonly problem: string;
  /** The key that it is about. */
  readonly field?: string;
  /** Where in the text it stands, in UTF-16 units. */
  readonly offset: number;
}

export interface JsonRules {
  /** How many objects and lists may lie in each other. */
  readonly maxDepth: number;
  /**
   * What is wrong with a number as it is written.
   * @param keys of each object around it the key that leads to it, from outside; undefined for lists. At most the
   * first four: what lies deeper concerns no rule.
   */
  numberProblem?(literal: string, keys: readonly (string | undefined)[]): string | undefined;
}

interface Level {
  /** Keys of an object so far; undefined for a list. */
  readonly keys: Set<string> | undefined;
  key: string | undefined;
}

const numberAhead = /-?[0-9][0-9.eE+-]*/y;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * The first fault of a JSON text: a key that occurs twice in one object, of which JSON.parse would hide one; half a
 * surrogate pair; nesting beyond a limit; a number that is too large or against the rules. The text need not be valid
 * otherwise.
 */
export function jsonFault(text: string, { maxDepth, numberProblem }: JsonRules): JsonFault | undefined {
  const levels: Level[] = [];
  let keyExpected = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    const level = levels.at(-1);
    if (character === '{' || character === '[') {
      levels.push({ keys: character === '{' ? new Set() : undefined, key: undefined });
      if (levels.length > maxDepth) return { problem: 'is nested too deeply', offset: index };
      keyExpected = character === '{';
    } else if (character === '}' || character === ']') {
      levels.pop();
      keyExpected = false;
    } else if (character === ',') {
      keyExpected = level?.keys !== undefined;
    } else if (character === '"') {
      const end = endOfString(text, index);
      const string = stringOf(text.slice(index, end + 1));
      if (string === undefined) return { problem: 'holds a broken string', offset: index };
      if (level?.keys && keyExpected) {
        if (level.keys.has(string)) return { problem: `has the key "${string}" twice`, field: string, offset: index };
        level.keys.add(string);
        level.key = string;
      }
      keyExpected = false;
      index = end;
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      numberAhead.lastIndex = index;
      const literal = numberAhead.exec(text)?.[0] ?? character;
      const isTooLarge = !Number.isFinite(Number(literal));
      const problem = isTooLarge ? `holds the impossible number ${literal}` : numberProblem?.(literal, keysOf(levels));
      const field = levels[0]?.key;
      if (problem) return { problem, offset: index, ...(field === undefined ? {} : { field }) };
      index += literal.length - 1;
    }
  }
  return undefined;
}

const MAX_KEYS = 4;

const keysOf = (levels: readonly Level[]): readonly (string | undefined)[] =>
  levels.slice(0, MAX_KEYS).map(({ key }) => key);

/** Where the string that begins at a quotation mark has its last one; the end of a text that lacks it, or beyond. */
export function endOfString(text: string, start: number): number {
  const [quote, backslash] = [34, 92];
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === quote) return index;
    if (code === backslash) index++;
  }
  return text.length;
}

/** Undefined for a string that is broken, or that UTF-8 cannot hold. */
function stringOf(literal: string): string | undefined {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === 'string' && !loneSurrogate.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
