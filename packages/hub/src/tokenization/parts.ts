/** tokenizer.json read and checked, before the library sees any of it. */
import { type AddedToken, readAddedTokens } from './added-tokens.js';
import { type Definition, type IdLimit, partOf } from './definition.js';
import { foreignField } from './known-make.js';
import { type ModelDefinition, readModel } from './model-definition.js';
import { createNormalizer, type Normalizer } from './normalizers.js';
import { createPreTokenizer, type PreTokenizer } from './pre-tokenizers.js';

export interface TokenizerParts {
  /** How error messages call it. */
  readonly file: string;
  readonly normalizer: Normalizer;
  readonly preTokenizer: PreTokenizer;
  readonly addedTokens: readonly AddedToken[];
  readonly model: ModelDefinition;
  /** The part that no known make has, so that the tokenizer runs in a worker; undefined for one that runs in place. */
  readonly foreignField: string | undefined;
}

/**
 * @param limitOf what ids a vocabulary of so many entries may have
 * @throws AttuneError `E_TOKENIZER` that names the field that is malformed or not supported
 */
export function readParts(definition: Definition, file: string, limitOf: (entries: number) => IdLimit): TokenizerParts {
  const normalizer = createNormalizer(definition.normalizer, file);
  const preTokenizer = createPreTokenizer(definition.pre_tokenizer, file);
  const model = readModel(partOf(definition.model, 'model', file), limitOf);
  const added = Array.isArray(definition.added_tokens) ? definition.added_tokens.length : 0;
  const addedTokens = readAddedTokens(definition, file, model.tokens, limitOf(model.tokens.size + added));
  const parts = { file, normalizer, preTokenizer, addedTokens, model };
  return { ...parts, foreignField: foreignField(parts) };
}
