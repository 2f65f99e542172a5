/** Weights that were found by another solver as a model directory. */
import { MemoryStorage } from '@attune/hub';
import { type AnalyzedTerms, saveTermTokenizer } from '@attune/hub/internal';
import { type HostTensor, hostTensor } from '@attune/ir';
import { sequenceClassificationTask } from '@attune/tasks';
import { createModel } from '../create.js';
import { type TaskModel, taskModel } from '../task-model.js';
import { MAX_WORDS } from '../word-embeddings.js';
import { IDF } from './encoder.js';

export interface TfidfParts {
  readonly labels: readonly string[];
  /** Terms of words, of characters, or both. */
  readonly kinds: readonly AnalyzedTerms[];
  /** The weight of each term, kind after kind. */
  readonly idf: ArrayLike<number>;
  readonly sublinearTf: boolean;
  /** The score that a term gives a class. */
  weight(label: number, term: number): number;
  bias(label: number): number;
}

/** A model of what TF-IDF and logistic regression learned; its `save` writes a directory that `openModel` opens. */
export async function createTfidfModel(parts: TfidfParts): Promise<TaskModel<unknown, never>> {
  const { labels, kinds, idf, sublinearTf } = parts;
  const sizes = kinds.map(({ terms }) => terms.length);
  const size = sizes.reduce((sum, each) => sum + each, 1);
  const tokenizer = new MemoryStorage('terms');
  await saveTermTokenizer(tokenizer, kinds);
  const rows = new Float32Array(labels.length * size);
  for (const label of labels.keys()) {
    for (let term = 0; term + 1 < size; term++) rows[label * size + term + 1] = parts.weight(label, term);
  }
  const weights = new Map<string, HostTensor>([
    [IDF, hostTensor([size], [0, ...Array.from(idf)])],
    ['classifier.weight', hostTensor([labels.length, size], rows)],
    [
      'classifier.bias',
      hostTensor(
        [labels.length],
        labels.map((_, label) => parts.bias(label)),
      ),
    ],
  ]);
  const config = { model_type: 'tf-idf', vocab_size: size, block_sizes: sizes, sublinear_tf: sublinearTf };
  const loaded = await createModel(config, { task: sequenceClassificationTask, labels, tokenizer, weights });
  return taskModel(loaded, sequenceClassificationTask, { maxLength: MAX_WORDS });
}
