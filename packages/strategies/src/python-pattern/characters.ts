/** Sets of characters as Python's re has them for texts. */
import type { CharacterTest } from './syntax.js';

const testOf =
  (set: RegExp): CharacterTest =>
  (character) =>
    set.test(character);

const not =
  (test: CharacterTest): CharacterTest =>
  (character) =>
    !test(character);

export const between = (first: number, last: number): CharacterTest => {
  return (character) => {
    const code = character.codePointAt(0) ?? -1;
    return code >= first && code <= last;
  };
};

export const exactly =
  (wanted: string): CharacterTest =>
  (character) =>
    character === wanted;

export const oneOf = (tests: readonly CharacterTest[], isNegated: boolean): CharacterTest => {
  return (character) => tests.some((test) => test(character)) !== isNegated;
};

export const isWord = testOf(/^[\p{L}\p{N}_]$/u);
const isDigit = testOf(/^\p{Nd}$/u);

/** JavaScript's spaces with four control characters that Python counts, without the byte order mark. */
const isSpace: CharacterTest = (character) =>
  isSeparator(character) || (/\s/.test(character) && character !== '\ufeff');
const isSeparator = oneOf([between(0x1c, 0x1f), exactly('\x85')], false);

/** `\w`, `\d` and `\s` with their opposites, by the letter behind the backslash. */
export const characterClasses: ReadonlyMap<string, CharacterTest> = new Map([
  ['w', isWord],
  ['W', not(isWord)],
  ['d', isDigit],
  ['D', not(isDigit)],
  ['s', isSpace],
  ['S', not(isSpace)],
]);

export const anyCharacter: CharacterTest = () => true;
export const anyButLineFeed: CharacterTest = (character) => character !== '\n';

/** The test in any case. */
export const inAnyCase = (test: CharacterTest): CharacterTest => {
  return (character) => test(character) || test(character.toLowerCase()) || test(character.toUpperCase());
};
