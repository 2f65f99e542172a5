/** The vocabulary of a tokenizer whose tokens are whole words. */
import { AttuneError } from '@attune/ir';
import { bertSpecialTokens } from './bert-tokenizer.js';
import { Turns } from './turns.js';
import { countWords } from './word-counts.js';

export interface WordVocabularyOptions {
  /** Words that are kept, the most frequent ones; 50,000 by default. */
  readonly size?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The words of texts, normalised and split as BERT (uncased) does it, for `saveBertTokenizer`; every other word is [UNK].
 * @returns `bertSpecialTokens`, then words, the most frequent first; of one count in the order of the texts
 * @throws AttuneError `E_DATA_EMPTY` for texts without words
 */
export async function wordVocabulary(
  texts: Iterable<string> | AsyncIterable<string>,
  { size = 50_000, signal }: WordVocabularyOptions = {},
): Promise<readonly string[]> {
  const counts = await countWords(texts, new Turns(signal));
  const words = [...counts].sort(([, one], [, other]) => other - one).slice(0, size);
  if (words.length === 0) throw new AttuneError('E_DATA_EMPTY', 'The texts have no words.', { field: 'text' });
  return [...bertSpecialTokens, ...words.map(([word]) => word)];
}
