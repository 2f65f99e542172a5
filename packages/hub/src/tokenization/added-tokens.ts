/** Tokens that are found in the text before it is split into words (`added_tokens`), as the Rust library finds them. */
import { type AlignedText, slice } from './aligned-text.js';
import type { Budget } from './budget.js';
import { type Definition, membersOf, type Part, textOf } from './definition.js';
import { escapeExpression } from './patterns.js';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Looked for in the normalized text, otherwise in the text as it came. */
  readonly normalized: boolean;
  readonly singleWord: boolean;
  /** Takes the blanks before it. */
  readonly leftStrip: boolean;
  /** Takes the blanks after it. */
  readonly rightStrip: boolean;
}

/** A stretch of text, or one added token. */
export interface Section {
  readonly text: AlignedText;
  readonly id?: number;
}

export function readAddedTokens(definition: Definition, file: string): readonly AddedToken[] {
  if (definition.added_tokens === undefined || definition.added_tokens === null) return [];
  const root: Part = { value: definition, field: 'tokenizer', file };
  return membersOf(root, 'added_tokens').map((part) => {
    const { value } = part;
    return {
      id: Number(value.id),
      content: textOf(part, 'content'),
      special: value.special === true,
      normalized: typeof value.normalized === 'boolean' ? value.normalized : value.special !== true,
      singleWord: value.single_word === true,
      leftStrip: value.lstrip === true,
      rightStrip: value.rstrip === true,
    };
  });
}

/** Finds tokens by their content, the longest of those that begin at the same place. */
export class AddedTokenSplitter {
  readonly #expression: RegExp | undefined;
  readonly #byContent: ReadonlyMap<string, AddedToken>;

  constructor(tokens: readonly AddedToken[]) {
    const usable = tokens.filter(({ content }) => content !== '');
    this.#byContent = new Map(usable.map((token) => [token.content, token]));
    const contents = [...this.#byContent.keys()].sort((first, second) => second.length - first.length);
    if (contents.length > 0) this.#expression = new RegExp(contents.map(escapeExpression).join('|'), 'gu');
  }

  split(aligned: AlignedText, budget: Budget): readonly Section[] {
    if (!this.#expression) return aligned.text === '' ? [] : [{ text: aligned }];
    const { text } = aligned;
    const sections: Section[] = [];
    let position = 0;
    for (const { 0: content, index } of text.matchAll(this.#expression)) {
      budget.tick('added_tokens');
      const token = this.#byContent.get(content)!;
      let [start, end] = [index, index + content.length];
      if (start < position) continue;
      if (token.singleWord && (isWord(characterBefore(text, start)) || isWord(characterAt(text, end)))) continue;
      while (token.leftStrip && start > position && isBlank(text[start - 1]!)) start--;
      while (token.rightStrip && end < text.length && isBlank(text[end]!)) end++;
      if (position < start) sections.push({ text: slice(aligned, position, start) });
      sections.push({ text: slice(aligned, start, end), id: token.id });
      position = end;
    }
    if (position < text.length) sections.push({ text: slice(aligned, position, text.length) });
    return sections;
  }
}

const isBlank = (unit: string): boolean => /\p{White_Space}/u.test(unit);
const isWord = (character: string): boolean => /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]/u.test(character);
const characterBefore = (text: string, at: number): string =>
  Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? '';
const characterAt = (text: string, at: number): string => Array.from(text.slice(at, at + 2))[0] ?? '';
