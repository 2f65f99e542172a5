/** Words to tokens by @huggingface/tokenizers (WordPiece, BPE, Unigram), with the part of the word that each covers. */
import { AttuneError } from '@attune/ir';
import { type Budget, budgetError } from './budget.js';
import type { Definition } from './definition.js';

/** The part of the library's model that serves here. */
export interface LibraryModel {
  (words: string[]): string[];
  readonly tokens_to_ids: Map<string, number>;
  readonly unk_token_id?: number;
  readonly unk_token?: string;
}

export interface WordTokens {
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  /** Where each token begins and ends in the word, in UTF-16 units. */
  readonly bounds: readonly (readonly [number, number])[];
}

/** The library cannot be interrupted within a word: a longer one takes more than a second or two. */
const longestWord = 250_000;
/** WordPiece takes cubic time. */
const longestWordPieceWord = 1000;
/** The clock is read for each word that is longer. */
const longWord = 64;
const longestCachedWord = 256;
const cacheSize = 50_000;

export class WordModel {
  readonly #model: LibraryModel;
  readonly #definition: Definition;
  readonly #file: string;
  readonly #limit: number;
  readonly #cache = new Map<string, WordTokens>();

  constructor(model: LibraryModel, definition: Definition, file: string) {
    this.#model = model;
    this.#definition = definition;
    this.#file = file;
    this.#limit =
      'max_input_chars_per_word' in definition || definition.type === 'WordPiece'
        ? wordPieceLimit(definition)
        : longestWord;
  }

  /** @throws AttuneError `E_TOKENIZER_BUDGET` for a word that is too long, `E_TOKENIZER` for a vocabulary with holes */
  encode(word: string, budget: Budget): WordTokens {
    const cached = this.#cache.get(word);
    if (cached) return cached;
    if (word.length > longWord) budget.check('model');
    else budget.tick('model');
    const encoded = this.#encode(word);
    if (word.length <= longestCachedWord) {
      if (this.#cache.size >= cacheSize) this.#cache.clear();
      this.#cache.set(word, encoded);
    }
    return encoded;
  }

  #encode(word: string): WordTokens {
    const tokens = this.#tokens(word);
    const ids = tokens.map((token) => this.#model.tokens_to_ids.get(token) ?? this.#model.unk_token_id);
    if (!ids.every((id) => id !== undefined)) {
      throw new AttuneError('E_TOKENIZER', `${this.#file}: the vocabulary has no token for unknown words.`, {
        file: this.#file,
        field: 'model.unk_token',
      });
    }
    return { ids, tokens, bounds: this.#bounds(word, tokens) };
  }

  #tokens(word: string): string[] {
    const tooLong = (cause?: unknown) =>
      budgetError(this.#file, 'model', `cannot take a word of ${word.length} characters`, 'Split the text.', cause);
    if (word.length > this.#limit) throw tooLong();
    try {
      return this.#model([word]);
    } catch (cause) {
      throw cause instanceof RangeError ? tooLong(cause) : cause;
    }
  }

  #bounds(word: string, tokens: readonly string[]): (readonly [number, number])[] {
    const { type } = this.#definition;
    if (tokens.length === 1) return [[0, word.length]];
    let position = 0;
    let bytesLeft = 0;
    return tokens.map((token, index) => {
      const surface = this.#surface(token, index, type);
      if (surface !== '' && word.startsWith(surface, position)) {
        position += surface.length;
        return [position - surface.length, position];
      }
      const character = String.fromCodePoint(word.codePointAt(position) ?? 0);
      const start = position;
      const end = Math.min(position + character.length, word.length);
      if (/^<0x[0-9A-F]{2}>$/.test(token)) {
        if (bytesLeft === 0) bytesLeft = new TextEncoder().encode(character).length;
        if (--bytesLeft === 0) position = end;
        return [start, end];
      }
      const next = tokens[index + 1];
      const resumes = next === undefined ? word.length : word.indexOf(this.#surface(next, index + 1, type), end);
      position = resumes < 0 ? end : resumes;
      return [start, position];
    });
  }

  /** The token as it stands in the word. */
  #surface(token: string, index: number, type: unknown): string {
    const prefix = type === 'WordPiece' ? '##' : '';
    const { continuing_subword_prefix: continuing = prefix, end_of_word_suffix: suffix } = this.#definition;
    let surface = token;
    if (index > 0 && typeof continuing === 'string' && surface.startsWith(continuing)) {
      surface = surface.slice(continuing.length);
    }
    if (typeof suffix === 'string' && suffix !== '' && surface.endsWith(suffix)) {
      surface = surface.slice(0, -suffix.length);
    }
    return surface;
  }
}

/** Words beyond `max_input_chars_per_word` become the unknown token without a search. */
function wordPieceLimit({ max_input_chars_per_word: longest = 100 }: Definition): number {
  return typeof longest === 'number' && longest <= longestWordPieceWord
    ? Number.POSITIVE_INFINITY
    : longestWordPieceWord;
}
