/** Static word vectors: GloVe (Pennington et al. 2014) and word2vec (Mikolov et al. 2013) files. */
import { AttuneError, type HostTensor } from '@attune/ir';
import { label, type Storage } from '../storage.js';
import { readBinaryVectors } from './binary-vectors.js';
import { byteChunks } from './byte-chunks.js';
import { readTextVectors } from './text-vectors.js';
import type { VectorTable } from './vector-table.js';

export interface WordVectors {
  /** The row of each word, in the order of the file. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** f32 [words, dimensions]. */
  readonly vectors: HostTensor;
}

/**
 * `glove`: text, a word and its values a line. `word2vec`: the same behind a line with the number of words and of
 * dimensions. `word2vec-binary`: that line, then words with little-endian f32 values.
 */
export type WordVectorFormat = 'glove' | 'word2vec' | 'word2vec-binary';

export interface WordVectorOptions {
  /**
   * By default binary for a path that ends in `.bin` or `.bin.gz`; of text, word2vec where the first line is two whole
   * numbers, else GloVe.
   */
  readonly format?: WordVectorFormat;
  /** Only the first words of the file, which are the most frequent ones; all by default. */
  readonly maxWords?: number;
  readonly signal?: AbortSignal;
}

/**
 * Reads a file of word vectors, plain or gzip, as a stream: a part that is not asked for is not read.
 * @throws AttuneError `E_WORD_VECTORS` naming file and line (or word, in a binary file) for a wrong number of values, a
 * value that is no finite number, a word that is there twice, a file that is empty or not as long as it says;
 * `E_FILE_ENCODING`, `E_FILE_COMPRESSED`, `E_FILE_MISSING`; `E_CONFIG` for a `maxWords` that is no positive whole number
 */
export async function loadWordVectors(
  storage: Storage,
  path: string,
  { format, maxWords = Number.POSITIVE_INFINITY, signal }: WordVectorOptions = {},
): Promise<WordVectors> {
  if (!(maxWords >= 1 && (Number.isInteger(maxWords) || maxWords === Number.POSITIVE_INFINITY))) {
    throw new AttuneError('E_CONFIG', `maxWords is ${maxWords}; a whole number from 1 is needed.`, {
      field: 'maxWords',
    });
  }
  const file = label(storage, path);
  const chunks = byteChunks(storage, path, signal);
  const isBinary = format === undefined ? /\.bin(\.gz)?$/i.test(path) : format === 'word2vec-binary';
  const hasHeader = format === undefined ? undefined : format === 'word2vec';
  try {
    const table: VectorTable = isBinary
      ? await readBinaryVectors(chunks, { file, maxWords })
      : await readTextVectors(chunks, { file, hasHeader, maxWords });
    return table.finish();
  } finally {
    await chunks.return(undefined);
  }
}
