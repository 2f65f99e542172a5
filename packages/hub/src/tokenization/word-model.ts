/** Words to tokens, with the part of the word that each covers. */
import { AttuneError } from '@attune/ir';
import { type Budget, budgetError } from './budget.js';
import { type LibraryModel, wordPiecePrefix } from './library-model.js';
import type { ModelDefinition } from './model-definition.js';

export interface WordTokens {
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  /** Where each token begins and ends in the word, in UTF-16 units. */
  readonly bounds: readonly (readonly [number, number])[];
}

/** BPE cannot be interrupted within a word: a longer one takes more than a second or two. */
const longestBpeWord = 50_000;
/** Takes some ten bytes a character. */
const longestUnigramWord = 1e6;
/** WordPiece takes cubic time. */
const longestWordPieceWord = 1000;
/** The clock is read for each word that is longer. */
const longWord = 64;
const longestCachedWord = 256;
/** Tokens of all words in the cache. */
const cacheSize = 500_000;

export class WordModel {
  readonly #model: LibraryModel;
  readonly #definition: ModelDefinition;
  readonly #file: string;
  readonly #limit: number;
  readonly #cache = new Map<string, WordTokens>();
  #cachedTokens = 0;

  constructor(model: LibraryModel, definition: ModelDefinition, file: string) {
    this.#model = model;
    this.#definition = definition;
    this.#file = file;
    this.#limit = wordLimit(definition);
  }

  /** @throws AttuneError `E_TOKENIZER_BUDGET` for a word that is too long, `E_TOKENIZER` for a vocabulary with holes */
  encode(word: string, budget: Budget): WordTokens {
    const cached = this.#cache.get(word);
    if (cached) return cached;
    budget.enter('model');
    if (word.length > longWord) budget.check('model');
    const encoded = this.#encode(word, budget);
    if (word.length <= longestCachedWord) this.#keep(word, encoded);
    return encoded;
  }

  #keep(word: string, encoded: WordTokens): void {
    this.#cachedTokens += encoded.ids.length + 1;
    if (this.#cachedTokens > cacheSize) {
      this.#cache.clear();
      this.#cachedTokens = encoded.ids.length + 1;
    }
    this.#cache.set(word, encoded);
  }

  #encode(word: string, budget: Budget): WordTokens {
    const tokens = this.#tokens(word, budget);
    const ids = tokens.map((token) => this.#definition.tokens.get(token) ?? this.#model.unk_token_id);
    if (!ids.every((id) => id !== undefined)) {
      throw new AttuneError('E_TOKENIZER', `${this.#file}: the vocabulary has no token for unknown words.`, {
        file: this.#file,
        field: 'model.unk_token',
      });
    }
    return { ids, tokens, bounds: this.#bounds(word, tokens, budget) };
  }

  #tokens(word: string, budget: Budget): string[] {
    const tooLong = (cause?: unknown) =>
      budgetError(this.#file, 'model', `cannot take a word of ${word.length} characters`, 'Split the text.', cause);
    if (word.length > this.#limit) throw tooLong();
    try {
      return this.#model([word], budget);
    } catch (cause) {
      throw cause instanceof RangeError ? tooLong(cause) : cause;
    }
  }

  #bounds(word: string, tokens: readonly string[], budget: Budget): (readonly [number, number])[] {
    if (tokens.length === 1) return [[0, word.length]];
    let position = 0;
    let bytesLeft = 0;
    return tokens.map((token, index) => {
      budget.tick('model');
      const surface = this.#surface(token, index);
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
      const resumes = next === undefined ? word.length : word.indexOf(this.#surface(next, index + 1), end);
      position = resumes < 0 ? end : resumes;
      return [start, position];
    });
  }

  /** The token as it stands in the word. */
  #surface(token: string, index: number): string {
    const { type, fields } = this.#definition;
    const continuing = fields.continuing_subword_prefix ?? (type === 'WordPiece' ? wordPiecePrefix : '');
    const suffix = fields.end_of_word_suffix;
    let surface = token;
    if (index > 0 && surface.startsWith(continuing)) {
      surface = surface.slice(continuing.length);
    }
    if (suffix && surface.endsWith(suffix)) {
      surface = surface.slice(0, -suffix.length);
    }
    return surface;
  }
}

/** Words beyond `max_input_chars_per_word` of WordPiece become the unknown token without a search. */
function wordLimit({ type, fields }: ModelDefinition): number {
  if (type === 'WordLevel') return Number.POSITIVE_INFINITY;
  if (type === 'Unigram') return longestUnigramWord;
  if (type === 'BPE') return longestBpeWord;
  return fields.max_input_chars_per_word <= longestWordPieceWord ? Number.POSITIVE_INFINITY : longestWordPieceWord;
}
