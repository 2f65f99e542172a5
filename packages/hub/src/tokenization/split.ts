/** Splits a text at matches, in the five ways of tokenizer.json. */
import { type AlignedText, slice } from './aligned-text.js';
import type { Budget } from './budget.js';
import type { Matches } from './patterns.js';

export const splitBehaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
export type SplitBehavior = (typeof splitBehaviors)[number];

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Section extends Range {
  readonly isMatch: boolean;
}

/**
 * The parts that stay, without empty ones. `invert` takes what lies between the matches for the matches. `field` is
 * where tokenizer.json asks for the split.
 */
export function splitAt(
  aligned: AlignedText,
  matches: Matches,
  { behavior, invert }: { readonly behavior: SplitBehavior; readonly invert: boolean },
  budget: Budget,
  field: string,
): readonly AlignedText[] {
  const parts: AlignedText[] = [];
  const add = (start: number, end: number) => {
    budget.tick(field);
    if (end > start) parts.push(slice(aligned, start, end));
  };
  if (behavior === 'Isolated' || behavior === 'Removed') {
    const keepsMatches = behavior === 'Isolated' || invert;
    const keepsOthers = behavior === 'Isolated' || !invert;
    let position = 0;
    for (let index = 0; index < matches.length; index += 2) {
      const [start, end] = [matches[index]!, matches[index + 1]!];
      if (keepsOthers) add(position, start);
      if (keepsMatches) add(start, end);
      position = end;
    }
    if (keepsOthers) add(position, aligned.text.length);
    return parts;
  }
  const sections = sectionsOf(aligned.text.length, matches, invert);
  for (const { start, end } of mergedRanges(sections, behavior)) add(start, end);
  return parts;
}

function sectionsOf(length: number, matches: Matches, invert: boolean): readonly Section[] {
  const sections: Section[] = [];
  let position = 0;
  for (let index = 0; index < matches.length; index += 2) {
    const [start, end] = [matches[index]!, matches[index + 1]!];
    if (position < start) sections.push({ start: position, end: start, isMatch: invert });
    sections.push({ start, end, isMatch: !invert });
    position = end;
  }
  if (position < length) sections.push({ start: position, end: length, isMatch: invert });
  return sections;
}

function mergedRanges(
  sections: readonly Section[],
  behavior: Exclude<SplitBehavior, 'Isolated' | 'Removed'>,
): readonly Range[] {
  switch (behavior) {
    case 'Contiguous':
      return merge(sections, (isMatch, previous) => isMatch === previous);
    case 'MergedWithPrevious':
      return merge(sections, (isMatch, previous) => isMatch && !previous);
    case 'MergedWithNext':
      return merge(sections.toReversed(), (isMatch, previous) => isMatch && !previous).toReversed();
  }
}

/** Joins a section to the one before where the test says so; before the first stands no match. */
function merge(sections: readonly Section[], joins: (isMatch: boolean, previous: boolean) => boolean): Range[] {
  const ranges: Range[] = [];
  let previous = false;
  for (const { start, end, isMatch } of sections) {
    const last = joins(isMatch, previous) ? ranges.pop() : undefined;
    ranges.push(last ? { start: Math.min(last.start, start), end: Math.max(last.end, end) } : { start, end });
    previous = isMatch;
  }
  return ranges;
}
