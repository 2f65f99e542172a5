/** Learns the pieces of a WordPiece tokenizer from texts. */
import { AttuneError } from '@attune/ir';
import { bertSpecialTokens } from './bert-tokenizer.js';
import { firstOf, MergeQueue, secondOf } from './merge-queue.js';
import { addAlphabet, Pieces } from './pieces.js';
import { Turns } from './turns.js';
import { countWords } from './word-counts.js';
import { WordPieces } from './word-pieces.js';

export interface WordPieceTrainingOptions {
  /** Pieces of the vocabulary, special tokens included; fewer where the texts have no more. */
  readonly size: number;
  /** Pairs that occur less often are not put together; 2 by default. */
  readonly minFrequency?: number;
  /** The most frequent letters that are kept, 1000 by default; others become [UNK]. */
  readonly limitAlphabet?: number;
  readonly signal?: AbortSignal;
}

/**
 * The vocabulary of a WordPiece tokenizer, by the algorithm of Hugging Face's WordPieceTrainer: texts are normalised and
 * split as BERT (uncased) does it; words begin as letters, `##` before those that continue a word; again and again the
 * pair of neighbours that occurs most often becomes a piece (byte-pair encoding, Sennrich et al. 2016, arXiv 1508.07909).
 * Where the Rust library depends on the order of a hash map (ids of `##` letters, and so the choice between pairs of one
 * count), letters are in the order of Unicode and the pair with the lower ids wins: the same texts give the same pieces.
 * @returns pieces in the order of their ids: `bertSpecialTokens`, letters, `##` letters, then what was put together
 * @throws AttuneError `E_CONFIG` for a `size` that has no room for the letters, `E_DATA_EMPTY` for texts without words
 */
export async function trainWordPiece(
  texts: Iterable<string> | AsyncIterable<string>,
  { size, minFrequency = 2, limitAlphabet = 1000, signal }: WordPieceTrainingOptions,
): Promise<readonly string[]> {
  signal?.throwIfAborted();
  for (const [field, value] of Object.entries({ size, minFrequency, limitAlphabet })) {
    if (Number.isInteger(value) && value >= (field === 'minFrequency' ? 0 : 1) && value < 2 ** 25) continue;
    throw new AttuneError('E_CONFIG', `${field} is ${value}; a whole number from 1 is needed.`, { field });
  }
  const turns = new Turns(signal);
  const counts = await countWords(texts, turns);
  const pieces = new Pieces();
  for (const token of bertSpecialTokens) pieces.add(token);
  addAlphabet(pieces, counts, limitAlphabet);
  if (pieces.size > size) {
    throw new AttuneError('E_CONFIG', `size is ${size}; special tokens and letters are ${pieces.size} pieces.`, {
      field: 'size',
      hint: 'Raise size or lower limitAlphabet.',
    });
  }
  const words = new WordPieces(counts, pieces);
  const queue = new MergeQueue();
  for (const candidate of words.pairs()) queue.push(candidate);
  while (pieces.size < size) {
    await turns.pause();
    const best = queue.pop();
    if (!best) break;
    const count = words.count(best.pair);
    if (best.count !== count) {
      queue.push({ ...best, count });
      continue;
    }
    if (count < Math.max(1, minFrequency)) break;
    const merged = pieces.join(firstOf(best.pair), secondOf(best.pair));
    for (const candidate of words.merge(best, merged)) queue.push(candidate);
  }
  return pieces.all;
}
