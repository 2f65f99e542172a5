/** tokenizer.json read and checked, before the library sees any of it. */
import { type AddedToken, readAddedTokens } from './added-tokens.js';
import { type Definition, type IdLimit, partOf } from './definition.js';
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
}

/** Parts that can be sent to a worker: the steps, which hold functions, as the file has them. */
export interface SentParts extends Pick<TokenizerParts, 'file' | 'addedTokens' | 'model'> {
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
}

/**
 * @param limitOf what ids a vocabulary of so many entries may have
 * @throws AttuneError `E_TOKENIZER` that names the field that is malformed or not supported
 */
export function readParts(definition: Definition, file: string, limitOf: (entries: number) => IdLimit): TokenizerParts {
  const steps = createSteps(definition.normalizer, definition.pre_tokenizer, file);
  const model = readModel(partOf(definition.model, 'model', file), limitOf);
  const added = Array.isArray(definition.added_tokens) ? definition.added_tokens.length : 0;
  const addedTokens = readAddedTokens(definition, file, model.tokens, limitOf(model.tokens.size + added));
  return { file, ...steps, addedTokens, model };
}

const createSteps = (normalizer: unknown, preTokenizer: unknown, file: string) => ({
  normalizer: createNormalizer(normalizer, file),
  preTokenizer: createPreTokenizer(preTokenizer, file),
});

export const sentParts = (
  { normalizer, pre_tokenizer }: Definition,
  { file, addedTokens, model }: TokenizerParts,
): SentParts => ({ file, normalizer, preTokenizer: pre_tokenizer, addedTokens, model });

export const receivedParts = ({ normalizer, preTokenizer, ...others }: SentParts): TokenizerParts => ({
  ...others,
  ...createSteps(normalizer, preTokenizer, others.file),
});
