/** For tests: a directory with a tiny AWD-LSTM of random weights and the tokenizer of the tiny BERT. */
import type { Storage } from '@attune/hub';
import { createModel } from '../create.js';
import { tinyBert, tinyVocabulary } from './tiny-bert.js';

export const tinyAwdLstmConfig = {
  model_type: 'awd_lstm',
  vocab_size: Object.keys(tinyVocabulary).length,
  emb_sz: 12,
  n_hid: 20,
  n_layers: 3,
  pad_token: 0,
  eos_token_id: tinyVocabulary['[SEP]'],
};

/** Writes the directory. @param fields of config.json */
export async function writeTinyAwdLstm<Target extends Storage>(
  target: Target,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<Target> {
  const task = 'causal-language-modeling';
  const model = await createModel({ ...tinyAwdLstmConfig, ...fields }, { task, seed: 5, tokenizer: await tinyBert() });
  // Weights as they start make all words alike: larger ones tell them apart.
  const weights = new Map(
    [...model.weights].map(([name, { type, data }]) => [name, { type, data: data.map((x) => 4 * x) }] as const),
  );
  await model.save(target, weights);
  return target;
}
