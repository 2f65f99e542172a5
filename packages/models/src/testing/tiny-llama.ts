/** For tests: a directory with a tiny Llama of random weights and the tokenizer of the tiny BERT. */
import type { Storage } from '@attune/hub';
import { createModel } from '../create.js';
import { tinyBert, tinyVocabulary } from './tiny-bert.js';

const tinyLlamaConfig = {
  model_type: 'llama',
  vocab_size: Object.keys(tinyVocabulary).length,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 64,
  max_position_embeddings: 512,
  initializer_range: 0.2,
  tie_word_embeddings: true,
  eos_token_id: tinyVocabulary['[SEP]'],
  pad_token_id: 0,
};

/** Writes the directory. @param seed of the weights */
export async function writeTinyLlama<Target extends Storage>(
  target: Target,
  fields: Readonly<Record<string, unknown>> = {},
  seed = 5,
): Promise<Target> {
  const task = 'causal-language-modeling';
  const model = await createModel({ ...tinyLlamaConfig, ...fields }, { task, seed, tokenizer: await tinyBert() });
  await model.save(target);
  return target;
}
