/** Parses the syntax of Python's `re`, as far as it can be matched without backtracking. */
import { anyButLineFeed, anyCharacter, between, characterClasses, exactly, inAnyCase, oneOf } from './characters.js';
import { type CharacterTest, type PatternNode, PatternProblem, type Place } from './syntax.js';

const MAX_LENGTH = 10_000;
const MAX_DEPTH = 100;

interface Flags {
  readonly ignoresCase: boolean;
  readonly dotTakesAll: boolean;
  readonly isMultiline: boolean;
}

const noFlags: Flags = { ignoresCase: false, dotTakesAll: false, isMultiline: false };

/** @throws PatternProblem */
export function parsePattern(text: string): PatternNode {
  if (text.length > MAX_LENGTH) {
    throw new PatternProblem(`is longer than ${MAX_LENGTH} characters`, true);
  }
  const reader = new Reader([...text]);
  const flags = /^\(\?[a-zA-Z]+\)/.test(text) ? readGlobalFlags(reader) : noFlags;
  const node = parseEither(reader, flags, 0);
  if (!reader.isAtEnd) throw new PatternProblem('has a ) without a (');
  return node;
}

class Reader {
  private readonly characters: readonly string[];
  private position = 0;

  constructor(characters: readonly string[]) {
    this.characters = characters;
  }

  get isAtEnd(): boolean {
    return this.position >= this.characters.length;
  }

  peek(distance = 0): string {
    return this.characters[this.position + distance] ?? '';
  }

  /** The next character; '' at the end. */
  next(): string {
    const character = this.peek();
    this.position++;
    return character;
  }

  take(text: string): boolean {
    const found = [...text].every((character, index) => this.peek(index) === character);
    if (found) this.position += text.length;
    return found;
  }

  /** The characters ahead that are in the set. */
  takeWhile(set: RegExp, most = Number.POSITIVE_INFINITY): string {
    let taken = '';
    while (taken.length < most && !this.isAtEnd && set.test(this.peek())) taken += this.next();
    return taken;
  }

  /** Runs an attempt, and goes back to where it began unless it gives something. */
  attempt<T>(action: () => T | undefined): T | undefined {
    const { position } = this;
    const result = action();
    if (result === undefined) this.position = position;
    return result;
  }
}

function parseEither(reader: Reader, flags: Flags, depth: number): PatternNode {
  if (depth > MAX_DEPTH) throw new PatternProblem(`nests more than ${MAX_DEPTH} groups`, true);
  const options = [parseSequence(reader, flags, depth)];
  while (reader.take('|')) options.push(parseSequence(reader, flags, depth));
  return options.length === 1 ? options[0]! : { kind: 'either', options };
}

function parseSequence(reader: Reader, flags: Flags, depth: number): PatternNode {
  const parts: PatternNode[] = [];
  while (!reader.isAtEnd && reader.peek() !== '|' && reader.peek() !== ')') {
    if (reader.take('(?#')) {
      reader.takeWhile(/[^)]/);
      if (!reader.take(')')) throw new PatternProblem('has a comment without an end');
      continue;
    }
    if (readRange(reader)) throw new PatternProblem('repeats nothing');
    const atom = parseAtom(reader, flags, depth);
    parts.push(parseRepeats(reader, atom));
  }
  return { kind: 'sequence', parts };
}

function parseRepeats(reader: Reader, atom: PatternNode): PatternNode {
  const range = readRange(reader);
  if (!range) return atom;
  if (atom.kind === 'place') throw new PatternProblem('repeats nothing');
  const [least, most] = range;
  if (least > most) throw new PatternProblem(`repeats at least ${least} and at most ${most} times`);
  const isLazy = reader.take('?');
  if (!isLazy && reader.take('+')) {
    throw new PatternProblem('has a possessive repetition, which Attune does not match', true);
  }
  if (readRange(reader)) throw new PatternProblem('repeats a repetition without a group');
  return { kind: 'repeat', inner: atom, least, most, isLazy };
}

/** The bounds of a repetition ahead; a brace that holds no bounds is a letter. */
function readRange(reader: Reader): readonly [number, number] | undefined {
  if (reader.take('*')) return [0, Number.POSITIVE_INFINITY];
  if (reader.take('+')) return [1, Number.POSITIVE_INFINITY];
  if (reader.take('?')) return [0, 1];
  return reader.attempt(() => {
    if (!reader.take('{') || reader.peek() === '}') return undefined;
    const least = reader.takeWhile(/\d/);
    const hasComma = reader.take(',');
    const most = hasComma ? reader.takeWhile(/\d/) : least;
    if (!reader.take('}')) return undefined;
    return [Number(least), most === '' ? Number.POSITIVE_INFINITY : Number(most)] as const;
  });
}

function parseAtom(reader: Reader, flags: Flags, depth: number): PatternNode {
  const character = reader.next();
  switch (character) {
    case '.':
      return { kind: 'character', test: flags.dotTakesAll ? anyCharacter : anyButLineFeed };
    case '^':
      return at(flags.isMultiline ? 'line-start' : 'start');
    case '$':
      return at(flags.isMultiline ? 'line-end' : 'end');
    case '(':
      return parseGroup(reader, flags, depth);
    case '[':
      return { kind: 'character', test: parseClass(reader, flags) };
    case '\\':
      return parseEscape(reader, flags);
    default:
      return { kind: 'character', test: cased(exactly(character), flags) };
  }
}

const at = (place: Place): PatternNode => ({ kind: 'place', place });

const cased = (test: CharacterTest, { ignoresCase }: Flags): CharacterTest => (ignoresCase ? inAnyCase(test) : test);

/** Behind the opening parenthesis. */
function parseGroup(reader: Reader, flags: Flags, depth: number): PatternNode {
  const lookAround = ['?=', '?!', '?<=', '?<!'].find((sign) => reader.take(sign));
  if (lookAround) throw new PatternProblem(`looks around with (${lookAround}, which Attune does not match`, true);
  if (reader.take('?P=')) throw backReference();
  if (reader.take('?(')) throw new PatternProblem('has a condition (?(, which Attune does not match', true);
  if (reader.take('?>')) throw new PatternProblem('has an atomic group (?>, which Attune does not match', true);
  let name: string | undefined;
  let own = flags;
  if (reader.take('?P<')) {
    name = reader.takeWhile(/[\p{L}\p{N}_]/u);
    if (name === '' || !reader.take('>')) throw new PatternProblem('has a group with a broken name');
  } else if (reader.take('?')) {
    own = withFlags(flags, reader.takeWhile(/[a-zA-Z]/), reader.take('-') ? reader.takeWhile(/[a-zA-Z]/) : '');
    if (!reader.take(':')) throw new PatternProblem(`has the unknown group (?${reader.peek()}`);
  }
  const inner = parseEither(reader, own, depth + 1);
  if (!reader.take(')')) throw new PatternProblem('has a ( without a )');
  return { kind: 'group', name, inner };
}

const backReference = () => new PatternProblem('has a back reference, which Attune does not match', true);

function readGlobalFlags(reader: Reader): Flags {
  reader.take('(?');
  const flags = withFlags(noFlags, reader.takeWhile(/[a-zA-Z]/), '');
  reader.take(')');
  return flags;
}

/** `i`, `s` and `m` are matched; `u` is what texts have anyway. */
function withFlags(flags: Flags, on: string, off: string): Flags {
  const strange = [...on, ...off].find((letter) => !'ismu'.includes(letter));
  if (strange !== undefined) {
    const isPython = 'aLx'.includes(strange);
    throw new PatternProblem(`has the flag "${strange}"${isPython ? ', which Attune does not match' : ''}`, isPython);
  }
  const value = (letter: string, before: boolean) => (before || on.includes(letter)) && !off.includes(letter);
  return {
    ignoresCase: value('i', flags.ignoresCase),
    dotTakesAll: value('s', flags.dotTakesAll),
    isMultiline: value('m', flags.isMultiline),
  };
}

const places: ReadonlyMap<string, Place> = new Map([
  ['A', 'start'],
  ['Z', 'very-end'],
  ['b', 'word-edge'],
  ['B', 'no-word-edge'],
]);

/** Behind a backslash outside classes. */
function parseEscape(reader: Reader, flags: Flags): PatternNode {
  const place = places.get(reader.peek());
  if (place) {
    reader.next();
    return at(place);
  }
  if (/[1-9]/.test(reader.peek())) throw backReference();
  return { kind: 'character', test: cased(readEscaped(reader).test, flags) };
}

interface Escaped {
  readonly test: CharacterTest;
  /** The code point, of what can begin or end a range. */
  readonly code?: number;
}

const literal = (code: number): Escaped => ({ test: exactly(String.fromCodePoint(code)), code });

const controls: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
]);

const hexadecimal: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);

/** A class such as `\d`, or a single character. */
function readEscaped(reader: Reader): Escaped {
  const letter = reader.next();
  const test = characterClasses.get(letter);
  if (test) return { test };
  const control = controls.get(letter);
  if (control !== undefined) return literal(control);
  const digits = hexadecimal.get(letter);
  if (digits !== undefined) {
    const code = Number.parseInt(reader.takeWhile(/[0-9a-fA-F]/, digits).padStart(1, 'x'), 16);
    if (!(code <= 0x10ffff)) throw new PatternProblem(`has the broken escape \\${letter}`);
    return literal(code);
  }
  if (/[0-7]/.test(letter)) return literal(Number.parseInt(letter + reader.takeWhile(/[0-7]/, 2), 8));
  if (letter === '' || /[a-zA-Z0-9]/.test(letter)) throw new PatternProblem(`has the unknown escape \\${letter}`);
  return literal(letter.codePointAt(0)!);
}

/** Behind the opening bracket. */
function parseClass(reader: Reader, flags: Flags): CharacterTest {
  const isNegated = reader.take('^');
  const tests: CharacterTest[] = [];
  const item = (): Escaped => {
    if (reader.isAtEnd) throw new PatternProblem('has a [ without a ]');
    if (!reader.take('\\')) return literal(reader.next().codePointAt(0)!);
    return reader.take('b') ? literal(8) : readEscaped(reader);
  };
  do {
    const first = item();
    const isRange = reader.peek() === '-' && reader.peek(1) !== ']' && reader.peek(1) !== '';
    if (!isRange) {
      tests.push(cased(first.test, flags));
      continue;
    }
    reader.next();
    const last = item();
    if (first.code === undefined || last.code === undefined || first.code > last.code) {
      throw new PatternProblem('has a range of characters that is no range');
    }
    tests.push(cased(between(first.code, last.code), flags));
  } while (!reader.take(']'));
  return oneOf(tests, isNegated);
}
