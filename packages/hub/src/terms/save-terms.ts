import { writeJson } from '../model-directory.js';
import type { Storage } from '../storage.js';
import type { TermAnalysis } from './analysis.js';
import { termToken } from './term-splitter.js';

/** Terms of one kind, in the order of their ids. */
export interface AnalyzedTerms extends TermAnalysis {
  readonly terms: readonly string[];
}

const PADDING = '[PAD]';

/**
 * Writes tokenizer.json and tokenizer_config.json of a tokenizer whose tokens are terms, which `loadTokenizer` loads: id 0 is
 * padding, then come the terms of each kind. Only Attune has such tokenizers.
 */
export async function saveTermTokenizer(storage: Storage, kinds: readonly AnalyzedTerms[]): Promise<void> {
  const tokens = [PADDING, ...kinds.flatMap((kind) => kind.terms.map((term) => termToken(kind, term)))];
  await writeJson(storage, 'tokenizer.json', {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', unk_token: PADDING, vocab: Object.fromEntries(tokens.map((token, id) => [token, id])) },
  });
  await writeJson(storage, 'tokenizer_config.json', {
    tokenizer_class: 'TermTokenizer',
    pad_token: PADDING,
    analyzers: kinds.map(({ analyzer, ngramRange }) => ({ analyzer, ngram_range: ngramRange })),
  });
}
