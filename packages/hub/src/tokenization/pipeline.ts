/** A text's way to tokens: added tokens, normalizer, words, word model. */
import { AddedTokenSplitter, type Section } from './added-tokens.js';
import { type AlignedText, endOf, sourceText, startOf } from './aligned-text.js';
import type { Budget } from './budget.js';
import type { TextTokens } from './encoding.js';
import { createLibraryModel } from './library-model.js';
import type { TokenizerParts } from './parts.js';
import { WordModel, type WordTokens } from './word-model.js';

export class Pipeline {
  readonly #parts: TokenizerParts;
  readonly #model: WordModel;
  readonly #asWritten: AddedTokenSplitter;
  readonly #normalized: AddedTokenSplitter;

  /** @throws AttuneError `E_TOKENIZER_BUDGET` naming the part of tokenizer.json that took too long */
  constructor(parts: TokenizerParts, budget: Budget) {
    this.#parts = parts;
    const { addedTokens, normalizer, model, file } = parts;
    budget.enter('added_tokens');
    this.#asWritten = new AddedTokenSplitter(addedTokens.filter(({ normalized }) => !normalized));
    this.#normalized = new AddedTokenSplitter(
      addedTokens
        .filter(({ normalized }) => normalized)
        .map((token) => {
          budget.beginText(token.content.length);
          const { text } = normalizer.normalize(sourceText(token.content), budget);
          return { ...token, content: text };
        }),
    );
    budget.enter('model');
    this.#model = new WordModel(createLibraryModel(model), model, file);
  }

  /** Tokens of a text without special ones. @throws AttuneError as the constructor, `E_TOKENIZER` */
  tokens(text: string, budget: Budget): TextTokens {
    const result: Columns = { text, ids: [], tokens: [], starts: [], ends: [], words: [] };
    let word = 0;
    budget.beginText(text.length);
    for (const section of this.#asWritten.split(sourceText(text), budget)) {
      for (const part of this.#normalizedSections(section, budget)) {
        if (part.id !== undefined) {
          const { text: content } = part.text;
          append(result, part.text, { ids: [part.id], tokens: [content], bounds: [[0, content.length]] }, word++);
          continue;
        }
        for (const each of this.#parts.preTokenizer.split([part.text], budget)) {
          if (each.text === '') continue;
          append(result, each, this.#model.encode(each.text, budget), word++);
          budget.tick('model');
        }
      }
    }
    return result;
  }

  #normalizedSections(section: Section, budget: Budget): readonly Section[] {
    if (section.id !== undefined) return [section];
    return this.#normalized.split(this.#parts.normalizer.normalize(section.text, budget), budget);
  }
}

interface Columns extends TextTokens {
  readonly ids: number[];
  readonly tokens: string[];
  readonly starts: number[];
  readonly ends: number[];
  readonly words: number[];
}

function append(columns: Columns, text: AlignedText, { ids, tokens, bounds }: WordTokens, word: number): void {
  for (let index = 0; index < ids.length; index++) {
    const [start, end] = bounds[index]!;
    columns.ids.push(ids[index]!);
    columns.tokens.push(tokens[index]!);
    columns.starts.push(startOf(text, start));
    columns.ends.push(end > start ? endOf(text, end - 1) : startOf(text, start));
    columns.words.push(word);
  }
}
