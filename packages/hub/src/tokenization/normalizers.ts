/** The `normalizer` of tokenizer.json as functions on aligned texts, with the results of the Rust library. */
import { PrecompiledNormalizer } from '@huggingface/tokenizers';
import { type AlignedText, AlignedWriter, endOf, slice, startOf } from './aligned-text.js';
import { normalizeBert } from './bert-normalizer.js';
import { type Budget, budgetError } from './budget.js';
import { toByteLetters } from './byte-level.js';
import { type Part, partOf, stepsOf, textOf, unknownType } from './definition.js';
import { compilePattern, matchesOf, type Pattern } from './patterns.js';

export interface Normalizer {
  /** Its patterns, those inside a sequence too. */
  readonly patterns: readonly Pattern[];
  /** How many steps it takes, those inside a sequence too. */
  readonly steps: number;
  /** @throws AttuneError `E_TOKENIZER_BUDGET` */
  normalize(text: AlignedText, budget: Budget): AlignedText;
}

type Change = (text: AlignedText, budget: Budget) => AlignedText;

/** @throws AttuneError `E_TOKENIZER` that names the field of a type or pattern that is not supported */
export function createNormalizer(definition: unknown, file: string): Normalizer {
  return definition === null || definition === undefined
    ? { patterns: [], steps: 0, normalize: (text) => text }
    : create(partOf(definition, 'normalizer', file));
}

function create(part: Part): Normalizer {
  const { value, field, file } = part;
  const step = (normalize: Change, patterns: readonly Pattern[] = []): Normalizer => ({
    patterns,
    steps: 1,
    normalize: guarded(field, normalize),
  });
  switch (value.type) {
    case 'Sequence':
      return sequence(stepsOf(part, 'normalizers').map(create));
    case 'BertNormalizer': {
      const lowercase = value.lowercase !== false;
      const options = {
        cleanText: value.clean_text !== false,
        handleChineseCharacters: value.handle_chinese_chars !== false,
        stripAccents: typeof value.strip_accents === 'boolean' ? value.strip_accents : lowercase,
        lowercase,
      };
      return step((text, budget) => normalizeBert(text, options, budget, field));
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = value.type;
      return step((text, budget) => byCluster(text, (cluster) => cluster.normalize(form), budget, field));
    }
    case 'Lowercase':
      return step((text, budget) => byCharacter(text, (character) => character.toLowerCase(), budget, field));
    case 'StripAccents':
      return step((text, budget) => byCharacter(text, (each) => (/\p{M}/u.test(each) ? '' : each), budget, field));
    case 'Strip':
      return step((text) => strip(text, value.strip_left !== false, value.strip_right !== false));
    case 'Prepend': {
      const prefix = textOf(part, 'prepend');
      return step((text, budget) => withPrefix(text, prefix, budget, field));
    }
    case 'Replace': {
      const pattern = compilePattern(value.pattern, `${field}.pattern`, file);
      const content = textOf(part, 'content', '');
      return step((text, budget) => replace(text, pattern, content, budget), [pattern]);
    }
    case 'Precompiled': {
      const precompiled = new PrecompiledNormalizer({ type: 'Precompiled', precompiled_charsmap: '' });
      return step((text, budget) => byCluster(text, (cluster) => precompiled.normalize(cluster), budget, field));
    }
    case 'ByteLevel':
      return step((text, budget) => toByteLetters(text, budget, field));
    default:
      throw unknownType(part);
  }
}

/** Names the part in the errors of its time and memory. */
const guarded =
  (field: string, normalize: Change): Change =>
  (text, budget) => {
    budget.enter(field);
    try {
      return normalize(text, budget);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw budgetError(budget.file, field, 'needs too much memory', 'Use shorter texts.', cause);
    }
  };

function sequence(members: readonly Normalizer[]): Normalizer {
  return {
    patterns: members.flatMap(({ patterns }) => patterns),
    steps: members.reduce((total, { steps }) => total + steps, 0),
    normalize: (text, budget) => members.reduce((result, member) => member.normalize(result, budget), text),
  };
}

/** All of the new text stands for the last character that it replaces. */
function replace(aligned: AlignedText, pattern: Pattern, content: string, budget: Budget): AlignedText {
  const found = matchesOf(pattern, aligned.text, budget);
  if (found.length === 0) return aligned;
  const writer = new AlignedWriter(aligned.text.length, budget, pattern.field);
  let position = 0;
  for (let index = 0; index < found.length; index += 2) {
    budget.tick(pattern.field);
    const [start, end] = [found[index]!, found[index + 1]!];
    writer.copy(aligned, position, start);
    if (end > 0) writer.write(content, startOf(aligned, end - 1), endOf(aligned, end - 1));
    else writer.write(content, 0, 0);
    position = end;
  }
  writer.copy(aligned, position, aligned.text.length);
  return writer.finish();
}

/** The prefix stands for the first character. */
export function withPrefix(aligned: AlignedText, prefix: string, budget: Budget, field: string): AlignedText {
  if (aligned.text === '') return aligned;
  const first = String.fromCodePoint(aligned.text.codePointAt(0)!);
  const writer = new AlignedWriter(aligned.text.length + prefix.length, budget, field);
  writer.write(prefix, startOf(aligned, 0), endOf(aligned, first.length - 1));
  writer.copy(aligned, 0, aligned.text.length);
  return writer.finish();
}

function strip(aligned: AlignedText, left: boolean, right: boolean): AlignedText {
  const { text } = aligned;
  let [start, end] = [0, text.length];
  while (left && start < end && isBlank(text[start]!)) start++;
  while (right && end > start && isBlank(text[end - 1]!)) end--;
  return slice(aligned, start, end);
}

const isBlank = (unit: string): boolean => /\p{White_Space}/u.test(unit);

function byCharacter(aligned: AlignedText, change: TextChange, budget: Budget, field: string): AlignedText {
  return byPart(aligned, /[\s\S]/gu, change, budget, field);
}

type TextChange = (text: string) => string;

/** A longer row of marks, or of Hangul, is no text that a person wrote. */
const longestCluster = 100_000;

/** Characters with the marks that compose with them, and runs of Hangul: what Unicode normalization keeps apart. */
function byCluster(aligned: AlignedText, change: TextChange, budget: Budget, field: string): AlignedText {
  if (/^[\x20-\x7e]*$/.test(aligned.text)) return aligned;
  return byPart(aligned, /[\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]+|[\s\S]\p{M}*/gu, change, budget, field);
}

/** New characters stand for the old one that they come from, or where that is not plain, for the one at their place. */
function byPart(aligned: AlignedText, parts: RegExp, change: TextChange, budget: Budget, field: string): AlignedText {
  const writer = new AlignedWriter(aligned.text.length, budget, field);
  for (const { 0: part, index } of aligned.text.matchAll(parts)) {
    budget.tick(field);
    if (part.length > longestCluster) {
      throw budgetError(budget.file, field, `cannot take ${part.length} marks in a row`, 'Use shorter texts.');
    }
    const changed = change(part);
    if (changed === part) {
      writer.copy(aligned, index, index + part.length);
      continue;
    }
    const old = Array.from(part);
    const alone = old.map(change);
    const fresh = alone.join('') === changed ? alone : shares(changed, old.length);
    let unit = index;
    for (const [place, character] of old.entries()) {
      writer.write(fresh[place] ?? '', startOf(aligned, unit), endOf(aligned, unit + character.length - 1));
      unit += character.length;
    }
  }
  return writer.finish();
}

/** A text character by character, the rest in the last of `count` shares. */
function shares(text: string, count: number): readonly string[] {
  const characters = Array.from(text);
  return [...characters.slice(0, count - 1), characters.slice(count - 1).join('')];
}
