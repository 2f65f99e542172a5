/** The `normalizer` of tokenizer.json as steps on aligned texts, with the results of the Rust library. */
import { PrecompiledNormalizer } from '@huggingface/tokenizers';
import { type AlignedText, AlignedWriter, endOf, slice, startOf } from './aligned-text.js';
import { normalizeBert } from './bert-normalizer.js';
import { type Budget, budgetError } from './budget.js';
import { toByteLetters } from './byte-level.js';
import { membersOf, type Part, partOf, textOf, unknownType } from './definition.js';
import { compilePattern, matchesOf, type Pattern, type Steps } from './patterns.js';

export interface Normalizer {
  /** Its patterns, those inside a sequence too. */
  readonly patterns: readonly Pattern[];
  normalize(text: AlignedText, budget: Budget): Steps<AlignedText>;
}

/** @throws AttuneError `E_TOKENIZER` that names the field of a type or pattern that is not supported */
export function createNormalizer(definition: unknown, file: string): Normalizer {
  return definition === null || definition === undefined
    ? plain((text) => text)
    : create(partOf(definition, 'normalizer', file));
}

function create(part: Part): Normalizer {
  const { value } = part;
  switch (value.type) {
    case 'Sequence':
      return sequence(membersOf(part, 'normalizers').map(create));
    case 'BertNormalizer': {
      const lowercase = value.lowercase !== false;
      const options = {
        cleanText: value.clean_text !== false,
        handleChineseCharacters: value.handle_chinese_chars !== false,
        stripAccents: typeof value.strip_accents === 'boolean' ? value.strip_accents : lowercase,
        lowercase,
      };
      return plain((text, budget) => normalizeBert(text, options, budget));
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = value.type;
      return plain((text, budget) => byCluster(text, (cluster) => cluster.normalize(form), budget));
    }
    case 'Lowercase':
      return plain((text, budget) => byCharacter(text, (character) => character.toLowerCase(), budget));
    case 'StripAccents':
      return plain((text, budget) => byCharacter(text, (each) => (/\p{M}/u.test(each) ? '' : each), budget));
    case 'Strip':
      return plain((text) => strip(text, value.strip_left !== false, value.strip_right !== false));
    case 'Prepend':
      return prepend(textOf(part, 'prepend'));
    case 'Replace':
      return replace(compilePattern(value.pattern, `${part.field}.pattern`, part.file), textOf(part, 'content', ''));
    case 'Precompiled': {
      const precompiled = new PrecompiledNormalizer({ type: 'Precompiled', precompiled_charsmap: '' });
      return plain((text, budget) => byCluster(text, (cluster) => precompiled.normalize(cluster), budget));
    }
    case 'ByteLevel':
      return plain(toByteLetters);
    default:
      throw unknownType(part);
  }
}

function plain(normalize: (text: AlignedText, budget: Budget) => AlignedText): Normalizer {
  return {
    patterns: [],
    // biome-ignore lint/correctness/useYield: it asks for no pattern
    *normalize(text, budget) {
      try {
        return normalize(text, budget);
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw budgetError(budget.file, 'normalizer', 'needs too much memory', 'Use shorter texts.', cause);
      }
    },
  };
}

function sequence(members: readonly Normalizer[]): Normalizer {
  return {
    patterns: members.flatMap(({ patterns }) => patterns),
    *normalize(text, budget) {
      let result = text;
      for (const member of members) result = yield* member.normalize(result, budget);
      return result;
    },
  };
}

/** All of the new text stands for the last character that it replaces. */
function replace(pattern: Pattern, content: string): Normalizer {
  return {
    patterns: [pattern],
    *normalize(aligned, budget) {
      const [found] = yield* matchesOf(pattern, [aligned.text], budget);
      if (!found || found.length === 0) return aligned;
      const writer = new AlignedWriter(aligned.text.length);
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
    },
  };
}

function prepend(prefix: string): Normalizer {
  return plain((aligned) => withPrefix(aligned, prefix));
}

/** The prefix stands for the first character. */
export function withPrefix(aligned: AlignedText, prefix: string): AlignedText {
  if (aligned.text === '') return aligned;
  const first = String.fromCodePoint(aligned.text.codePointAt(0)!);
  const writer = new AlignedWriter(aligned.text.length + prefix.length);
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

function byCharacter(aligned: AlignedText, change: (character: string) => string, budget: Budget): AlignedText {
  return byPart(aligned, /[\s\S]/gu, change, budget);
}

/** Characters with the marks that compose with them, and runs of Hangul: what Unicode normalization keeps apart. */
function byCluster(aligned: AlignedText, change: (cluster: string) => string, budget: Budget): AlignedText {
  if (/^[\x20-\x7e]*$/.test(aligned.text)) return aligned;
  return byPart(aligned, /[\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]+|[\s\S]\p{M}*/gu, change, budget);
}

/** New characters stand for the old one that they come from, or where that is not plain, for the one at their place. */
function byPart(aligned: AlignedText, parts: RegExp, change: (part: string) => string, budget: Budget): AlignedText {
  const writer = new AlignedWriter(aligned.text.length);
  for (const { 0: part, index } of aligned.text.matchAll(parts)) {
    budget.tick('normalizer');
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
