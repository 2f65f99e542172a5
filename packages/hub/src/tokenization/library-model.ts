/** The word models of @huggingface/tokenizers. */
import { AttuneError } from '@attune/ir';
import { Tokenizer } from '@huggingface/tokenizers';
import type { ModelDefinition } from './model-definition.js';

/** The part of a model that serves here. */
export interface LibraryModel {
  (words: string[]): string[];
  readonly unk_token_id?: number;
}

/** Takes time and memory by the size of the vocabulary, and more for long tokens of Unigram models. */
export function createLibraryModel({ type, definition, tokens }: ModelDefinition, file: string): LibraryModel {
  if (type === 'WordLevel') return wordLevel(tokens, definition.unk_token);
  const others = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] };
  const { model } = new Tokenizer({ ...others, model: definition }, {});
  if (model) return model;
  throw new AttuneError('E_TOKENIZER', `${file} has no model.`, { file, field: 'model' });
}

/** The library has none for whole words. */
function wordLevel(tokens: ReadonlyMap<string, number>, unknown: unknown): LibraryModel {
  const other = typeof unknown === 'string' ? unknown : '<unk>';
  const id = tokens.get(other);
  const encode = (words: string[]) => words.map((word) => (tokens.has(word) ? word : other));
  return Object.assign(encode, id === undefined ? {} : { unk_token_id: id });
}
