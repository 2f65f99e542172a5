/** The word models: those of @huggingface/tokenizers, and two of the same shape. */
import { BPE, WordPiece } from '@huggingface/tokenizers';
import type { Budget } from './budget.js';
import type { ModelDefinition } from './model-definition.js';
import { createUnigram } from './unigram-model.js';

/** What begins the pieces within a word, where the file does not say it. */
export const wordPiecePrefix = '##';

/** The part of a model that serves here. The library's take no budget. */
export interface LibraryModel {
  (words: string[], budget: Budget): string[];
  readonly unk_token_id?: number;
}

/** Takes time and memory by the number of merges, and of Unigram's tokens. */
export function createLibraryModel(definition: ModelDefinition): LibraryModel {
  const { type, tokens, fields, merges } = definition;
  const unk_token = fields.unk_token ?? '';
  switch (type) {
    case 'WordPiece': {
      const continuing_subword_prefix = fields.continuing_subword_prefix ?? wordPiecePrefix;
      const { max_input_chars_per_word } = fields;
      const options = { unk_token, continuing_subword_prefix, max_input_chars_per_word };
      return withTokens(new WordPiece({ type, vocab: {}, ...options }), tokens, unk_token);
    }
    case 'BPE': {
      const { end_of_word_suffix, fuse_unk, byte_fallback, ignore_merges } = fields;
      const options = { unk_token: fields.unk_token, end_of_word_suffix, fuse_unk, byte_fallback, ignore_merges };
      return withTokens(new BPE({ type, vocab: {}, merges, ...options }), tokens, unk_token);
    }
    case 'Unigram':
      return createUnigram(definition);
    case 'WordLevel':
      return wordLevel(tokens, fields.unk_token ?? '<unk>');
  }
}

/** The table that is there already, in place of a copy. */
function withTokens(model: WordPiece | BPE, tokens: Map<string, number>, unknown: string): LibraryModel {
  model.tokens_to_ids = tokens;
  model.unk_token_id = tokens.get(unknown);
  return model;
}

/** The library has no model of whole words. */
function wordLevel(tokens: ReadonlyMap<string, number>, unknown: string): LibraryModel {
  const encode = (words: string[]) => words.map((word) => (tokens.has(word) ? word : unknown));
  return Object.assign(encode, { unk_token_id: tokens.get(unknown) });
}
