/** A text's way to tokens: added tokens, normalizer, words, word model. */
import { AttuneError } from '@attune/ir';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { type AddedToken, AddedTokenSplitter, readAddedTokens, type Section } from './added-tokens.js';
import { type AlignedText, endOf, sourceText, startOf } from './aligned-text.js';
import type { Budget } from './budget.js';
import { type Definition, partOf } from './definition.js';
import type { TextTokens } from './encoding.js';
import { createNormalizer, type Normalizer } from './normalizers.js';
import type { Steps } from './patterns.js';
import { createPreTokenizer, type PreTokenizer } from './pre-tokenizers.js';
import { type LibraryModel, WordModel, type WordTokens } from './word-model.js';

export class Pipeline {
  /** Whether no pattern needs a worker. */
  readonly isInline: boolean;
  /** For vocabulary and decoding; it never normalizes or splits a text. */
  readonly library: HuggingFaceTokenizer;
  readonly addedTokens: readonly AddedToken[];
  readonly #normalizer: Normalizer;
  readonly #preTokenizer: PreTokenizer;
  readonly #model: WordModel;
  readonly #asWritten: AddedTokenSplitter;
  /** Known once the normalizer ran on the added tokens. */
  #normalized: AddedTokenSplitter | undefined;

  constructor(definition: Definition, config: Definition, file: string) {
    this.#normalizer = createNormalizer(definition.normalizer, file);
    this.#preTokenizer = createPreTokenizer(definition.pre_tokenizer, file);
    this.addedTokens = readAddedTokens(definition, file);
    const model = partOf(definition.model, 'model', file).value;
    this.library = new HuggingFaceTokenizer(
      { decoder: null, added_tokens: [], ...definition, normalizer: null, pre_tokenizer: null, post_processor: null },
      config,
    );
    this.#model = new WordModel(libraryModel(this.library, file), model, file);
    this.#asWritten = new AddedTokenSplitter(this.addedTokens.filter(({ normalized }) => !normalized));
    this.isInline = [...this.#normalizer.patterns, ...this.#preTokenizer.patterns].every(({ inline }) => inline);
  }

  /** To be run once before texts are encoded. */
  *prepare(budget: Budget): Steps<void> {
    if (this.#normalized) return;
    const tokens: AddedToken[] = [];
    for (const token of this.addedTokens.filter(({ normalized }) => normalized)) {
      const { text } = yield* this.#normalizer.normalize(sourceText(token.content), budget);
      tokens.push({ ...token, content: text });
    }
    this.#normalized = new AddedTokenSplitter(tokens);
  }

  /** Tokens of a text without special ones. */
  *tokens(text: string, budget: Budget): Steps<TextTokens> {
    const result: Columns = { text, ids: [], tokens: [], starts: [], ends: [], words: [] };
    let word = 0;
    for (const section of this.#asWritten.split(sourceText(text), budget)) {
      for (const part of yield* this.#normalizedSections(section, budget)) {
        if (part.id !== undefined) {
          append(
            result,
            part.text,
            { ids: [part.id], tokens: [part.text.text], bounds: [[0, part.text.text.length]] },
            word++,
          );
          continue;
        }
        for (const each of yield* this.#preTokenizer.split([part.text], budget)) {
          if (each.text === '') continue;
          append(result, each, this.#model.encode(each.text, budget), word++);
          budget.tick('model');
        }
      }
    }
    return result;
  }

  *#normalizedSections(section: Section, budget: Budget): Steps<readonly Section[]> {
    if (section.id !== undefined) return [section];
    const normalized = yield* this.#normalizer.normalize(section.text, budget);
    return this.#normalized?.split(normalized, budget) ?? [{ text: normalized }];
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

function libraryModel({ model }: HuggingFaceTokenizer, file: string): LibraryModel {
  if (model) return model;
  throw new AttuneError('E_TOKENIZER', `${file} has no model.`, { file, field: 'model' });
}
