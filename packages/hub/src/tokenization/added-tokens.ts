/** Tokens that are found in the text before it is split into words (`added_tokens`), as the Rust library finds them. */
import { type AlignedText, slice } from './aligned-text.js';
import type { Budget } from './budget.js';
import { ContentFinder } from './content-finder.js';
import { type Definition, type IdLimit, idOf, membersOf, type Part, requireAtMost, textOf } from './definition.js';

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

/** Gemma adds 6,400. */
const mostAddedTokens = 100_000;

/** A stretch of text, or one added token. */
export interface Section {
  readonly text: AlignedText;
  readonly id?: number;
}

/**
 * Tokens with the ids that the Rust library gives them: that of the model for one that the model has; otherwise the next
 * that is free, whatever the file says.
 * @throws AttuneError `E_TOKENIZER` that names the token that is malformed or has an id beyond the limit
 */
export function readAddedTokens(
  definition: Definition,
  file: string,
  known: ReadonlyMap<string, number>,
  limit: IdLimit,
): readonly AddedToken[] {
  if (definition.added_tokens === undefined || definition.added_tokens === null) return [];
  const root: Part = { value: definition, field: '', file };
  const ids = new Map<string, number>();
  let next = known.size;
  const parts = membersOf(root, 'added_tokens');
  requireAtMost(mostAddedTokens, parts.length, { field: 'added_tokens', file });
  return parts.map((part) => {
    const { value } = part;
    const content = textOf(part, 'content');
    idOf(value.id, content, limit, part);
    const id = idOf(known.get(content) ?? ids.get(content) ?? next, content, limit, part);
    if (content !== '') {
      ids.set(content, id);
      next = Math.max(next, id + 1);
    }
    return {
      id,
      content,
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
  readonly #finder: ContentFinder;
  readonly #byContent: ReadonlyMap<string, AddedToken>;

  constructor(tokens: readonly AddedToken[]) {
    const usable = tokens.filter(({ content }) => content !== '');
    this.#byContent = new Map(usable.map((token) => [token.content, token]));
    this.#finder = new ContentFinder([...this.#byContent.keys()]);
  }

  /** @throws AttuneError `E_TOKENIZER_BUDGET` */
  split(aligned: AlignedText, budget: Budget): readonly Section[] {
    budget.enter('added_tokens');
    const { text } = aligned;
    const sections: Section[] = [];
    let position = 0;
    for (const { content, index } of this.#finder.find(text, budget, 'added_tokens')) {
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
