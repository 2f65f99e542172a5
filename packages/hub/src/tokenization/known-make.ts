/**
 * Whether a tokenizer is of a make that widely used models have: patterns that take linear time, few steps, and a
 * vocabulary of a size and shape that the library loads and uses in a known time. Any other one runs in a worker.
 */
import type { AddedToken } from './added-tokens.js';
import type { ModelDefinition, ModelType } from './model-definition.js';
import type { TokenizerParts } from './parts.js';

interface Bounds {
  /** UTF-16 units of a token. */
  readonly longest: number;
  /** UTF-16 units of all tokens and merges. */
  readonly units: number;
}

/** The longest tokens of BPE have 256 letters; Gemma's and Llama 4's have some 9 million with their merges. */
const bounds: { readonly [Type in ModelType]: Bounds } = {
  WordPiece: { longest: 1000, units: 8e6 },
  WordLevel: { longest: 1000, units: 8e6 },
  BPE: { longest: 1024, units: 16e6 },
  Unigram: { longest: 1000, units: 8e6 },
};
const mostMerges = 600_000;
/** Of the normalizer, and of the pre-tokenizer. T5 takes three, Llama 3 two. */
const mostSteps = 12;
/** WordPiece takes cubic time; BERT's is 100. */
const longestWordPieceWord = 200;
/** Gemma adds 6,400, Llama 3 256. */
const added = { count: 10_000, units: 200_000, longest: 512 };

/** The part of tokenizer.json that no known make has; undefined for a known make. */
export function foreignField({ model, normalizer, preTokenizer, addedTokens }: TokenizerParts): string | undefined {
  const pattern = [...normalizer.patterns, ...preTokenizer.patterns].find(({ inline }) => !inline);
  if (pattern) return pattern.field;
  if (normalizer.steps > mostSteps) return 'normalizer';
  if (preTokenizer.steps > mostSteps) return 'pre_tokenizer';
  return isKnownModel(model) ? (areKnownTokens(addedTokens) ? undefined : 'added_tokens') : 'model';
}

function isKnownModel({ type, fields, longest, units, merges }: ModelDefinition): boolean {
  return (
    longest <= bounds[type].longest &&
    units <= bounds[type].units &&
    merges.length <= mostMerges &&
    fields.max_input_chars_per_word <= longestWordPieceWord
  );
}

const areKnownTokens = (tokens: readonly AddedToken[]): boolean =>
  tokens.length <= added.count &&
  tokens.every(({ content }) => content.length <= added.longest) &&
  tokens.reduce((total, { content }) => total + content.length, 0) <= added.units;
