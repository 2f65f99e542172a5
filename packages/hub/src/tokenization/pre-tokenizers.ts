/** The `pre_tokenizer` of tokenizer.json as functions that split aligned texts into words, as the Rust library does. */
import { AttuneError } from '@attune/ir';
import { type AlignedText, relabel, startOf } from './aligned-text.js';
import type { Budget } from './budget.js';
import { toByteLetters } from './byte-level.js';
import { type Part, partOf, stepsOf, textOf, unknownType } from './definition.js';
import { gpt2Pattern } from './known-patterns.js';
import { latePunctuation } from './late-characters.js';
import { mapUnits } from './map-units.js';
import { withPrefix } from './normalizers.js';
import {
  builtInPattern,
  compileExpression,
  compilePattern,
  literalPattern,
  matchesOf,
  type Pattern,
} from './patterns.js';
import { type SplitBehavior, splitAt, splitBehaviors } from './split.js';

export interface PreTokenizer {
  /** Its patterns, those inside a sequence too. */
  readonly patterns: readonly Pattern[];
  /** How many steps it takes, those inside a sequence too. */
  readonly steps: number;
  /** @throws AttuneError `E_TOKENIZER_BUDGET` */
  split(words: readonly AlignedText[], budget: Budget): readonly AlignedText[];
}

const punctuation = `[[\\p{P}$+<=>\\^\`\\|~]--[${latePunctuation}]]`;
const wordLetters = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d';

/** @throws AttuneError `E_TOKENIZER` that names the field of a type or pattern that is not supported */
export function createPreTokenizer(definition: unknown, file: string): PreTokenizer {
  return definition === null || definition === undefined
    ? { patterns: [], steps: 0, split: (words) => words }
    : create(partOf(definition, 'pre_tokenizer', file));
}

function create(part: Part): PreTokenizer {
  const { value, field, file } = part;
  const builtIn = (source: string) => builtInPattern(new RegExp(source, 'gv'), field);
  const each = (change: (text: AlignedText, budget: Budget) => AlignedText) => changeEach(field, change);
  switch (value.type) {
    case 'Sequence':
      return sequence(stepsOf(part, 'pretokenizers').map(create));
    case 'BertPreTokenizer':
      return split(builtIn(`[^\\p{White_Space}${punctuation}]+|${punctuation}`), 'Removed', true);
    case 'Whitespace':
      return split(builtIn(`[${wordLetters}]+|[^${wordLetters}\\p{White_Space}]+`), 'Removed', true);
    case 'WhitespaceSplit':
      return split(builtIn('\\P{White_Space}+'), 'Removed', true);
    case 'CharDelimiterSplit':
      return split(literalPattern(textOf(part, 'delimiter'), field), 'Removed', false);
    case 'Punctuation':
      return split(builtIn(punctuation), behaviorOf(part), false);
    case 'Digits':
      return split(builtIn('\\p{N}'), value.individual_digits === true ? 'Isolated' : 'Contiguous', false);
    case 'Split': {
      const pattern = compilePattern(value.pattern, `${field}.pattern`, file);
      return split(pattern, behaviorOf(part), value.invert === true);
    }
    case 'ByteLevel': {
      const letters = each((text, budget) => toByteLetters(text, budget, field));
      const spaced = each((text, budget) => (text.text.startsWith(' ') ? text : withPrefix(text, ' ', budget, field)));
      const words = split(builtInPattern(compileExpression(gpt2Pattern, field, file), field), 'Isolated', false);
      return sequence([
        ...(value.add_prefix_space === false ? [] : [spaced]),
        ...(value.use_regex === false ? [] : [words]),
        letters,
      ]);
    }
    case 'Metaspace':
      return metaspace(part);
    case 'FixedLength': {
      const length = Number(value.length ?? 5);
      if (!Number.isInteger(length) || length < 1) throw unusable(part, 'length');
      return split(builtIn(`[\\s\\S]{1,${Math.min(length, 0x7fffffff)}}`), 'Isolated', false);
    }
    default:
      throw unknownType(part);
  }
}

function changeEach(field: string, change: (text: AlignedText, budget: Budget) => AlignedText): PreTokenizer {
  return {
    patterns: [],
    steps: 1,
    split: (words, budget) =>
      words.map((word) => {
        budget.enter(field);
        return change(word, budget);
      }),
  };
}

function sequence(members: readonly PreTokenizer[]): PreTokenizer {
  return {
    patterns: members.flatMap(({ patterns }) => patterns),
    steps: members.reduce((total, { steps }) => total + steps, 0),
    split: (words, budget) => members.reduce((result, member) => member.split(result, budget), words),
  };
}

function split(pattern: Pattern, behavior: SplitBehavior, invert: boolean): PreTokenizer {
  return {
    patterns: [pattern],
    steps: 1,
    split: (words, budget) =>
      words.flatMap((word) => {
        const matches = matchesOf(pattern, word.text, budget);
        return splitAt(word, matches, { behavior, invert }, budget, pattern.field);
      }),
  };
}

/** Spaces become a visible letter, one is put before the text, and words begin with it. */
function metaspace(part: Part): PreTokenizer {
  const { value, field } = part;
  const letter = textOf(part, 'replacement', '▁');
  const scheme = textOf(part, 'prepend_scheme', value.add_prefix_space === false ? 'never' : 'always');
  if (letter.length !== 1) throw unusable(part, 'replacement');
  const letterOf = (unit: number): number => (unit === 0x20 ? letter.charCodeAt(0) : unit);
  const marked = changeEach(field, (aligned, budget) => {
    const text = aligned.text.includes(' ') ? relabel(aligned, mapUnits(aligned.text, letterOf)) : aligned;
    const prepends = scheme === 'always' || (scheme === 'first' && text.text !== '' && startOf(text, 0) === 0);
    return prepends && !text.text.startsWith(letter) ? withPrefix(text, letter, budget, field) : text;
  });
  return value.split === false
    ? marked
    : sequence([marked, split(literalPattern(letter, field), 'MergedWithNext', false)]);
}

function behaviorOf(part: Part): SplitBehavior {
  const name = textOf(part, 'behavior', 'Isolated').toLowerCase();
  const found = splitBehaviors.find((behavior) => behavior.toLowerCase() === name);
  if (found) return found;
  throw unusable(part, 'behavior');
}

function unusable({ value, field, file }: Part, name: string): AttuneError {
  const problem = `${field}.${name} cannot be ${JSON.stringify(value[name])}`;
  return new AttuneError('E_TOKENIZER', `${file}: ${problem}.`, { file, field: `${field}.${name}` });
}
