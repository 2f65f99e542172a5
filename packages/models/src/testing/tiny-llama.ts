/** For tests: a directory with a tiny Llama of random weights. */
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

/** Writes the directory. @param seed of the weights @param tokenizer that of the tiny BERT by default */
export async function writeTinyLlama<Target extends Storage>(
  target: Target,
  fields: Readonly<Record<string, unknown>> = {},
  seed = 5,
  tokenizer?: Storage,
): Promise<Target> {
  const task = 'causal-language-modeling';
  const options = { task, seed, tokenizer: tokenizer ?? (await tinyBert()) };
  const model = await createModel({ ...tinyLlamaConfig, ...fields }, options);
  await model.save(target);
  return target;
}
