/** Stage 1: word pieces. */
import { type Storage, saveBertTokenizer, trainWordPiece } from '@attune/hub';
import { baseConfig } from './architecture.js';

/** Writes the tokenizer's files, unless they are there. */
export async function trainVocabulary(
  target: Storage,
  texts: readonly string[],
  {
    pieces,
    signal,
    log,
  }: { readonly pieces: number; readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<void> {
  if (await target.exists('vocab.txt')) return;
  const vocabulary = await trainWordPiece(texts, { size: pieces, limitAlphabet: 300, signal });
  const { max_position_embeddings: maxLength } = baseConfig(vocabulary.length);
  await saveBertTokenizer(target, vocabulary, { maxLength });
  log(`vocabulary: ${vocabulary.length} pieces`);
}
