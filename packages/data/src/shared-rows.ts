/** Rows that stand in the training and in the evaluation data. */
import type { TextDataset } from './text-examples.js';

/** Warns where texts of the evaluation data also occur in the training data. */
export async function leakageWarnings(train: TextDataset, evaluation: TextDataset): Promise<string[]> {
  return sharedRowWarnings(train, evaluation, ({ text, textPair }) => `${text}\u0000${textPair ?? ''}`);
}

/** Warns where examples of the evaluation data, told by a key, also occur in the training data. */
export async function sharedRowWarnings<Example>(
  train: AsyncIterable<Example> & { readonly name: string },
  evaluation: AsyncIterable<Example> & { readonly name: string },
  keyOf: (example: Example) => string,
): Promise<string[]> {
  const known = new Set<string>();
  for await (const example of train) known.add(keyOf(example));
  let shared = 0;
  let total = 0;
  for await (const example of evaluation) {
    total++;
    if (known.has(keyOf(example))) shared++;
  }
  return shared === 0 ? [] : [`${shared} of ${total} rows of ${evaluation.name} also occur in ${train.name}.`];
}
