/** Model directories of static vectors: from files of word vectors, or from the token table of an encoder. */
import {
  bertSpecialTokens,
  copyTokenizer,
  inMemory,
  loadTokenizer,
  type Storage,
  saveBertTokenizer,
  type WordVectors,
  writeJson,
  writeWeights,
} from '@attune/hub';
import { commitModel } from '@attune/hub/internal';
import { AttuneError, type HostTensor, hostTensor } from '@attune/ir';
import { featureExtractionTask } from '@attune/tasks';
import { loadModel } from '../load.js';
import { VECTORS } from './encoder.js';

/**
 * Writes word vectors as a model directory of the architecture `embedding-bag`, which `loadModel` and `attune train` take.
 * Texts are split as BERT (uncased) splits them; a word without a vector counts for nothing, and so do words of the file
 * that are not in lower case.
 * @param vectors as `loadWordVectors` of @attune/hub reads them
 * @throws AttuneError `E_DISK`
 */
export async function saveWordVectorModel(target: Storage, { vocabulary, vectors }: WordVectors): Promise<void> {
  const width = vectors.type.shape[1]!;
  const special = new Set<string>(bertSpecialTokens);
  const words = [...vocabulary].filter(([word]) => !special.has(word) && !word.startsWith('##'));
  const first = bertSpecialTokens.length;
  const data = new Float32Array((first + words.length) * width);
  for (const [index, [, row]] of words.entries()) {
    data.set(Float32Array.from(vectors.data.subarray(row * width, (row + 1) * width)), (first + index) * width);
  }
  const names = [...bertSpecialTokens, ...words.map(([word]) => word)];
  await commitModel(target, async (draft) => {
    await saveBertTokenizer(draft, names);
    await writeBag(
      draft,
      hostTensor([names.length, width], data),
      bertSpecialTokens.map((_, id) => id),
    );
  });
}

/**
 * Writes the token table of an encoder as a model directory of the architecture `embedding-bag`, with its tokenizer: what
 * the encoder's vectors know without the layers above them.
 * @throws AttuneError as `loadModel` and `loadTokenizer`
 */
export async function saveTokenTableModel(target: Storage, encoder: Storage): Promise<void> {
  const { weights } = await loadModel(encoder, { task: featureExtractionTask });
  const table = weights.get(VECTORS);
  if (!table) {
    throw new AttuneError('E_WEIGHTS_MISMATCH', `${encoder.name} has no table of token vectors.`, {
      file: encoder.name,
      field: VECTORS,
    });
  }
  const tokenizer = await loadTokenizer(encoder);
  const around = (await tokenizer.encode([''])).flatMap(({ ids }) => ids);
  await commitModel(target, async (draft) => {
    await copyTokenizer(encoder, draft);
    await writeBag(draft, table, [...new Set([tokenizer.padTokenId, ...around])]);
  });
}

async function writeBag(target: Storage, table: HostTensor, ignored: readonly number[]): Promise<void> {
  const [vocabularySize, width] = table.type.shape;
  await writeWeights(target, inMemory(new Map([[VECTORS, table]])));
  await writeJson(target, 'config.json', {
    architectures: ['EmbeddingBagModel'],
    model_type: 'embedding-bag',
    vocab_size: vocabularySize,
    hidden_size: width,
    ignored_token_ids: ignored,
  });
}
