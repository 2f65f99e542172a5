/** Classifiers of words that are trained from the ground up, or on word vectors. */
import { MemoryStorage, type ModelConfig, type Storage, saveBertTokenizer, wordVocabulary } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { featureExtractionTask } from '@attune/tasks';
import { type CreateOptions, createModel } from './create.js';
import { loadModel } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import { EMBEDDINGS } from './word-embeddings.js';

/** Convolutions (Kim 2014), or LSTMs in both directions. */
export type WordClassifierFamily = 'text-cnn' | 'bilstm';

/** Where the words come from. */
export type WordSource =
  /** All words of these texts; their vectors start at random. */
  | { readonly texts: Iterable<string> | AsyncIterable<string>; readonly signal?: AbortSignal | undefined }
  /** A directory as `saveWordVectorModel` or `saveTokenTableModel` writes it; its vectors are where training starts. */
  | { readonly vectors: Storage };

export interface WordClassifierOptions extends Omit<CreateOptions, 'tokenizer' | 'weights'> {
  readonly words: WordSource;
  /** Fields of config.json, such as `num_filters`, in place of the family's own. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * A classifier over words, ready to be trained. Texts are split as BERT (uncased) splits them.
 * @throws AttuneError `E_DATA_EMPTY` for texts without words, `E_CONFIG` for wrong fields, and as `loadModel` for vectors
 */
export async function createWordClassifier(
  family: WordClassifierFamily,
  { words, fields = {}, ...options }: WordClassifierOptions,
): Promise<LoadedModel> {
  const config = (sizes: Readonly<Record<string, unknown>>): ModelConfig => ({
    ...fields,
    ...sizes,
    model_type: family,
  });
  if ('vectors' in words) {
    const table = await vectorTable(words.vectors);
    const [size, width] = table.type.shape;
    const weights = new Map([[`${EMBEDDINGS}.weight`, table]]);
    const sizes = { vocab_size: size, embedding_size: width };
    return createModel(config(sizes), { ...options, tokenizer: words.vectors, weights });
  }
  const vocabulary = await wordVocabulary(words.texts, { signal: words.signal });
  const tokenizer = new MemoryStorage('words');
  await saveBertTokenizer(tokenizer, vocabulary);
  return createModel(config({ vocab_size: vocabulary.length }), { ...options, tokenizer });
}

/** @throws AttuneError `E_WEIGHTS_MISMATCH` for a directory without a table of vectors */
async function vectorTable(directory: Storage) {
  const { weights } = await loadModel(directory, { task: featureExtractionTask });
  const table = weights.get(`${EMBEDDINGS}.weight`);
  if (table) return table;
  throw new AttuneError('E_WEIGHTS_MISMATCH', `${directory.name} has no table of word vectors.`, {
    file: directory.name,
    field: `${EMBEDDINGS}.weight`,
  });
}
